import { expect } from "chai";
import { topic } from "../../client/sdk/topic.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { Flush } from "../../server/store/writer.js";
import { MemoryCluster } from "../support/memory-cluster.js";
import { openSmall } from "../support/small-store.js";
import { bodies } from "../support/store.js";

const KiB = 1 << 10;
const SYNC_MS = [10, 1_000, 5_000, 30_000];
const LIMIT_BYTES = 256 * KiB;
const BODY_BYTES = KiB;
const PRODUCERS = 16;
/** Of one producer: what waits may become one frame, and one frame may go beyond the limit. */
const IN_FLIGHT = 64;
const CALM = 20;
const load = topic("load");
const calm = topic("calm");

/** Sends that are taken, refused, or still waiting. */
class Sends {
  readonly acked = new Set<string>();
  readonly refused = new Map<string, number>();
  waiting = 0;
  #next = 0;

  add(send: (body: string) => Promise<unknown>): void {
    const body = `${this.#next++}`;
    this.waiting++;
    send(body)
      .then(
        () => void this.acked.add(body),
        (thrown: unknown) => {
          const { code, sent } = LogwheelError.from(thrown);
          const what = `${code}, stored: ${sent}`;
          this.refused.set(what, (this.refused.get(what) ?? 0) + 1);
        },
      )
      .finally(() => this.waiting--);
  }
}

/** A broker in memory whose syncs of the log and the checkpoint take long: all of them, or one of ten. */
class SlowBroker {
  readonly files = new MemoryFiles();
  cluster!: MemoryCluster;
  channel!: Channel;
  #syncs = 0;

  static async start(flush: Flush): Promise<SlowBroker> {
    const slow = new SlowBroker();
    const limits = { acceptedBytesMax: LIMIT_BYTES, unflushedBytesMax: LIMIT_BYTES, segmentBytes: 32 << 20 };
    slow.cluster = await MemoryCluster.start([], { flush, ...limits });
    await slow.cluster.startBroker("a", slow.files);
    slow.channel = slow.cluster.network.connect("a:10911");
    return slow;
  }

  slow(syncMs: number, oneOf: number): void {
    this.files.before = ({ call, name }) => {
      const counts = call === "sync" && /\.log$|^checkpoint$/.test(name);
      return counts && this.#syncs++ % oneOf === 0 ? this.cluster.clock.sleep(syncMs) : undefined;
    };
  }

  fast(): void {
    this.files.before = null;
  }

  /** Bytes that were taken and are not on the disk. It is also the question whether the broker lives. */
  async waitingBytes(): Promise<number> {
    const { logEnd, logDurable } = await this.cluster.advance(this.channel.unary(ADMIN.describeBroker, {}));
    return logEnd - logDurable;
  }
}

async function survives(flush: Flush, syncMs: number, oneOf: number): Promise<void> {
  const broker = await SlowBroker.start(flush);
  const { cluster } = broker;
  try {
    const client = await cluster.connect({ requestTimeoutMs: 10 * syncMs + 10_000 });
    for (const name of ["load", "calm"])
      await cluster.advance(client.admin.topics.create(name, { queues: 1 }));
    const [producer, ...others] = Array.from({ length: PRODUCERS }, () =>
      client.producer({ retry: { attempts: 1 }, maxInFlight: IN_FLIGHT }),
    );
    for (let number = 0; number < CALM; number++)
      await cluster.advance(producer!.send({ topic: calm, body: Buffer.from(String(number)) }));

    broker.slow(syncMs, oneOf);
    const handled: string[] = [];
    const consumer = client.consume(calm, { group: "g", from: "earliest" }, ({ body }) => {
      handled.push(Buffer.from(body).toString());
    });
    await cluster.advance(consumer.start());
    const sends = new Sends();
    const padding = "x".repeat(BODY_BYTES);
    const everyMs = Math.max(50, syncMs / 100);
    let most = 0;
    for (let ms = 0; ms < 3 * syncMs + 1_000; ms += everyMs) {
      for (const each of [producer!, ...others])
        sends.add((body) => each.send({ topic: load, body: Buffer.from(`${body} ${padding}`) }));
      await cluster.clock.advance(everyMs);
      most = Math.max(most, await broker.waitingBytes());
    }
    expect(most, "bytes that waited for the disk").to.be.below(1.5 * LIMIT_BYTES);
    expect([...sends.refused.keys()]).to.deep.equal(
      sends.refused.size === 0 ? [] : ["THROTTLED, stored: no"],
    );
    if (syncMs >= 5_000 && oneOf === 1) expect(sends.refused.size, "kinds of refusals").to.equal(1);
    expect(handled, "handled meanwhile").to.have.length(CALM);

    broker.fast();
    await cluster.until("every send is answered", () => sends.waiting === 0, 10 * syncMs + 10_000);
    await cluster.advance(consumer.close());
    const [queue] = (await cluster.advance(client.admin.groups.describe("g"))).queues;
    expect(queue).to.include({ offset: CALM, lag: 0 });
    while ((await broker.waitingBytes()) > 0) await cluster.clock.advance(1_000);
    const left = await openSmall(broker.files.losePower("nothing"));
    const found = await bodies(left, left.state.topics.get("load")!.queues[0]!);
    const stored = new Set(found.map((body) => body.split(" ")[0]!));
    expect([...sends.acked].filter((body) => !stored.has(body))).to.deep.equal([]);
    expect(stored.size, "stored, and not refused").to.equal(sends.acked.size);
    expect(sends.acked.size).to.be.above(PRODUCERS);
    await left.close();
  } finally {
    broker.fast();
    await cluster.close();
  }
}

describe("broker on a slow disk", () => {
  for (const flush of ["sync", "async"] as const)
    for (const syncMs of SYNC_MS)
      for (const oneOf of [1, 10])
        it(`T7: bounds what waits and goes on for consumers while ${oneOf === 1 ? "every sync" : "one sync of ten"} takes ${syncMs} ms, with ${flush} flush (O1, O4)`, async function () {
          this.timeout(120_000);
          await survives(flush, syncMs, oneOf);
        });
});
