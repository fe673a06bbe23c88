import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { type Client, connect, type PushConsumer, RetryLater, topic } from "../../client/index.js";
import { seeded } from "../../client/testing/seeded.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const KEYS = 40;
const STEPS = 50;
const FREE = "127.0.0.1:0";

const orders = topic("orders", {
  codec: {
    contentType: "text/plain",
    encode: (text: string) => Buffer.from(text),
    decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
  },
});

describe("order by key over processes", function () {
  this.timeout(120_000);
  let folder: string;
  let namesrv: string;
  let broker: ServerProcess;
  const clients: Client[] = [];
  const consumers: PushConsumer[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-ordered-"));
    namesrv = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    await startBroker(FREE);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.close({ timeoutMs: 2_000 })));
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  async function startBroker(listen: string): Promise<void> {
    const options = { name: "a", namesrv, listen, data: folder, "segment-bytes": "4MiB" };
    const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
    broker = await ServerProcess.start(["server", "broker", ...args]);
  }

  async function client(): Promise<Client> {
    const made = await connect({ endpoints: namesrv, logger: false });
    clients.push(made);
    return made;
  }

  it("holds while handlers fail at random, members come and go, and the broker is stopped and killed (A5-02, A5-04)", async () => {
    const random = seeded(5);
    const last = new Map<string, number>();
    const wrong: string[] = [];
    let [handled, failures, repeats] = [0, 0, 0];
    const handle = async (key: string, step: number): Promise<void> => {
      await setImmediate();
      if (random() < 0.1) {
        failures++;
        throw new RetryLater(Math.floor(random() * 30));
      }
      const done = last.get(key) ?? -1;
      if (step > done + 1) wrong.push(`${key}: ${step} after ${done}`);
      if (step <= done) repeats++;
      last.set(key, Math.max(done, step));
      handled++;
    };
    const joinGroup = async (): Promise<PushConsumer> => {
      const options = { group: "ledger", mode: "ordered", from: "earliest", concurrency: 16 } as const;
      const consumer = (await client()).consume(orders, options, (message) =>
        handle(message.orderingKey!, Number(message.body)),
      );
      await consumer.start();
      consumers.push(consumer);
      return consumer;
    };
    const reached = (share: number): Promise<boolean> =>
      until(`${share} of all are handled`, async () => handled >= share * KEYS * STEPS);

    const admin = await client();
    await admin.admin.topics.create("orders", { queues: 4, type: "ordered" });
    const producer = admin.producer();
    const sent = Array.from({ length: STEPS }, (_, step) =>
      Array.from({ length: KEYS }, (_, key) =>
        producer.send({ topic: orders, body: String(step), orderingKey: `k${key}` }),
      ),
    );
    await Promise.all(sent.flat());

    const first = await joinGroup();
    await reached(0.1);
    await joinGroup();
    await reached(0.25);
    await broker.stop();
    await startBroker(broker.address());
    await reached(0.4);
    await first.close();
    await reached(0.55);
    await broker.kill();
    await startBroker(broker.address());
    await joinGroup();
    await reached(0.8);
    await until("all are handled", async () => [...last.values()].every((step) => step === STEPS - 1));
    await until("all is acknowledged", async () => {
      const { queues } = await admin.admin.groups.describe("ledger");
      return queues.every(({ lag }) => lag === 0);
    });
    expect(wrong).to.deep.equal([]);
    expect(last.size).to.equal(KEYS);
    expect(failures, "handlers failed").to.be.above(100);
    expect(repeats, "what is repeated was not acknowledged in time").to.be.below(KEYS * STEPS);
  });

  it("is kept by an operator who skips a message that never succeeds", async () => {
    const admin = await client();
    await admin.admin.topics.create("stuck", { queues: 1, type: "ordered" });
    await admin.admin.groups.create("skipping", { maxAttempts: 10_000 });
    const stuck = topic("stuck");
    const producer = admin.producer();
    for (const body of ["0", "1", "2"])
      await producer.send({ topic: stuck, body: Buffer.from(body), orderingKey: "k" });
    const seen: string[] = [];
    let failures = 0;
    const options = { group: "skipping", mode: "ordered", from: "earliest" } as const;
    const consumer = admin.consume(stuck, options, (message) => {
      const body = Buffer.from(message.body).toString();
      if (body === "0" && ++failures > 0) throw new RetryLater(50);
      seen.push(body);
    });
    await consumer.start();
    await until("it failed several times", async () => failures > 2);
    expect(seen).to.deep.equal([]);
    const skip = ["group", "skip", "skipping", "--topic", "stuck", "--queue", "0", "--offset", "0"];
    const cli = (...more: string[]) =>
      ServerProcess.run([...skip, "--namesrv", namesrv, "-o", "jsonl", ...more]);
    const dry = await cli("--dry-run");
    expect([dry.code, dry.stderr]).to.deep.equal([0, ""]);
    expect(JSON.parse(dry.stdout)).to.include({ group: "skipping", skipped: false, waiting: 2 });
    const unasked = await cli();
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.include("2 wait for it. Say --yes");
    expect((await cli("--yes")).code).to.equal(0);
    await until("the others are handled", async () => seen.length === 2);
    expect(seen).to.deep.equal(["1", "2"]);
    expect((await cli("--yes")).stderr).to.include("[CONFLICT]");
    await until("the log has it", () => broker.stderr.includes('"audit":"skip"'));
  });
});
