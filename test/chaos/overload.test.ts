import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { loadedBroker } from "../support/broker-load.js";
import { TestMember } from "../support/consuming.js";
import { Flood } from "../support/flood.js";
import { publishFrame } from "../support/raw-calls.js";
import { figure } from "../support/seeds.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const MiB = 2 ** 20;
const CALL = { timeoutMs: 60_000 };
const QUEUES = 4;
/** What the broker accepts without an answer; 64 by default. */
const ACCEPTED_MIB = figure(16, 64);
const SYNC_MS = 2_000;
const FLOOD = {
  topic: "flood",
  queues: QUEUES,
  streams: 32,
  framesInFlight: 16,
  messagesPerFrame: 16,
  bodyBytes: 16 << 10,
};
const OVERLOAD = 10;
const CALM = 2_000;
const AT_ONCE = 20;
const HOLD_MS = 300;

const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });

function preload(name: string): string {
  return `--import ${new URL(`../support/${name}.js`, import.meta.url).href}`;
}

/** A member that acknowledges each message by itself as it comes, and shows that it lives. */
class Acker {
  readonly member: TestMember;
  #handled = 0;
  #running = true;
  readonly #working: Promise<void>;

  constructor(channel: Channel) {
    this.member = new TestMember(channel.open(BROKER.consume));
    this.member.write({ hello: { group: "calm", subscriptions: [{ topic: "calm" }], from: 1 } });
    this.member.write({ credit: { messages: CALM * 2, bytes: 64 * MiB } });
    this.#working = this.#work();
  }

  /** How many acknowledgements were answered without a failure. */
  get succeeded(): number {
    return this.member.acked.filter(({ failures }) => failures.length === 0).length;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const { received } = this.member;
      for (const { offset, queueId, generation } of received.slice(this.#handled, this.#handled + AT_ONCE)) {
        const ranges = [{ start: offset, end: offset + 1 }];
        const queues = [{ topic: "calm", queueId, generation, ranges }];
        this.member.write({ acks: { serial: ++this.member.serial, queues } });
      }
      this.#handled = Math.min(received.length, this.#handled + AT_ONCE);
      this.member.write({ ping: {} });
      await systemClock.sleep(10);
    }
  }
}

describe("broker that is offered more than it takes", function () {
  this.timeout(300_000);
  let folder: string;
  const channels: Channel[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-overload-"));
  });
  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  function open(address: string): Channel {
    const channel = connect(address);
    channels.push(channel);
    return channel;
  }

  async function createTopic(channel: Channel, name: string): Promise<void> {
    await channel.unary(ADMIN.createTopic, { topic: { name, queues: QUEUES, type: 1 } }, CALL);
  }

  it("refuses what is beyond its limit with a hint and keeps its memory, while acknowledgements and heartbeats go on (O1, O6)", async () => {
    const args = loadedBroker(join(folder, "data"), "sync", {
      "segment-bytes": "64MiB",
      "accepted-bytes-max": `${ACCEPTED_MIB}MiB`,
    });
    const slow = { NODE_OPTIONS: preload("slow-sync"), SLOW_SYNC_MS: String(SYNC_MS) };
    const broker = await ServerProcess.start(args, slow);
    const calm = open(broker.address());
    await Promise.all([createTopic(calm, FLOOD.topic), createTopic(calm, "calm")]);
    const bodies = Array.from({ length: CALM }, (_, number) => ({ body: Buffer.from(String(number)) }));
    expect((await publishFrame(calm, "calm", bodies)).refusals).to.deep.equal([]);
    const { memoryBytes: idleBytes } = await calm.unary(ADMIN.describeBroker, {}, CALL);

    const acker = new Acker(calm);
    const flood = new Flood(
      [1, 2, 3, 4].map(() => open(broker.address())),
      FLOOD,
    );
    const most = { memoryBytes: 0, waitingBytes: 0 };
    await until(
      "ten times as much was offered as was taken, over several syncs",
      async () => {
        const { memoryBytes, logEnd, logDurable } = await calm.unary(ADMIN.describeBroker, {}, CALL);
        most.memoryBytes = Math.max(most.memoryBytes, memoryBytes);
        most.waitingBytes = Math.max(most.waitingBytes, logEnd - logDurable);
        const enough = flood.acked * FLOOD.bodyBytes > 2 * ACCEPTED_MIB * MiB;
        return enough && flood.offered > OVERLOAD * flood.acked && acker.member.serial === CALM;
      },
      120_000,
    );
    await flood.stop();
    const bound = ACCEPTED_MIB * MiB;
    expect(most.waitingBytes, "bytes that waited for the disk").to.be.within(bound / 2, bound + MiB);
    expect(most.memoryBytes - idleBytes, "bytes that the broker has grown by").to.be.below(bound + 300 * MiB);
    for (const error of flood.refusals) {
      expect(error).to.include({ code: "THROTTLED", sent: "no" });
      expect(error.details.retryAfterMs, "a hint").to.be.above(0);
    }
    await until("acknowledgements are answered", () => acker.member.acked.length === CALM, 30_000);
    await acker.stop();
    expect(acker.succeeded).to.be.at.least(0.999 * CALM);
    expect(acker.member.heard.filter((reply) => reply === "assignment")).to.have.length(1);
    expect(acker.member.received, "deliveries").to.have.length(CALM);

    await broker.kill();
    const again = await ServerProcess.start(args);
    await flood.verify(open(again.address()));
  });

  it("sheds sends after its event loop was held for 300 ms, and takes all of them again after that (O5)", async () => {
    const args = loadedBroker(join(folder, "data"), "sync", { "loop-lag-ms": "100ms" });
    const held = { NODE_OPTIONS: preload("held-loop"), HOLD_MS: String(HOLD_MS) };
    const broker = await ServerProcess.start(args, held);
    const channel = open(broker.address());
    await createTopic(channel, "flood");
    const flood = new Flood([channel], { ...FLOOD, streams: 2, framesInFlight: 4, bodyBytes: 32 });
    const late = (): number[] =>
      flood.refusals.map(({ message }) => Number(/(\d+) ms late/.exec(message)?.[1] ?? 0));
    await until("sends are taken", () => flood.acked > 1_000);
    broker.signal("SIGUSR2");
    await until("sends are shed", () => late().some((ms) => ms > HOLD_MS * 0.8));
    await until("all sends are taken again", async () => {
      const [shed, acked] = [flood.refusals.length, flood.acked];
      await systemClock.sleep(300);
      return flood.refusals.length === shed && flood.acked > acked + 1_000;
    });
    await flood.stop();
    for (const error of flood.refusals) {
      expect(error).to.include({ code: "THROTTLED", sent: "no" });
      expect(error.details.retryAfterMs, "a hint").to.be.above(0);
    }
    await flood.verify(channel);
    expect((await broker.stop()).code).to.equal(0);
  });
});
