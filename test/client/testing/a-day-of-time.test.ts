import { expect } from "chai";
import { type Message, topic } from "../../../client/index.js";
import { startTestCluster } from "../../../client/testing/index.js";
import { DELAY_LEVELS } from "../../../proto/kernel/delay-levels.js";
import { RETRY_DELAYS_MS } from "../../../server/broker/retry-ladder.js";

const jobs = topic("jobs");

describe("the test kit and time", () => {
  it("A9-01 delivers each of the 18 delay levels at its time", async () => {
    await using cluster = await startTestCluster({ topics: { jobs: { type: "mixed" } } });
    const client = await cluster.client();
    const { clock } = cluster;
    const delivered = new Map<string, number>();
    const consumer = client.consume(jobs, { group: "workers", from: "earliest" }, ({ body }) => {
      delivered.set(Buffer.from(body).toString(), clock.nowMs());
    });
    await consumer.start();
    const producer = client.producer();
    const sentAtMs = clock.nowMs();
    for (let level = 1; level <= DELAY_LEVELS.length; level++)
      await producer.send({ topic: jobs, body: Buffer.from(`${level}`), delayLevel: level });
    await clock.advance("3h");
    expect(delivered.size).to.equal(18);
    for (const [index, delayMs] of DELAY_LEVELS.entries()) {
      const lateMs = delivered.get(`${index + 1}`)! - sentAtMs - delayMs;
      expect(lateMs, `level ${index + 1}`).to.be.within(0, 1_000);
    }
  });

  it("A9-09 delivers a message that always fails 17 times, at RocketMQ's waits, then to the dead letters", async () => {
    await using cluster = await startTestCluster({ topics: { jobs: { type: "mixed" } } });
    const client = await cluster.client();
    const { clock } = cluster;
    const attempts: { attempt: number; atMs: number }[] = [];
    const consumer = client.consume(jobs, { group: "workers", from: "earliest" }, ({ attempt }) => {
      attempts.push({ attempt, atMs: clock.nowMs() });
      throw new Error("never");
    });
    await consumer.start();
    await client.producer().send({ topic: jobs, body: Buffer.from("x") });
    await clock.advance("6h");
    expect(attempts.map(({ attempt }) => attempt)).to.deep.equal(Array.from({ length: 17 }, (_, i) => i + 1));
    for (const [index, waitMs] of RETRY_DELAYS_MS.entries()) {
      const lateMs = attempts[index + 1]!.atMs - attempts[index]!.atMs - waitMs;
      expect(lateMs, `retry ${index + 1}`).to.be.within(0, 1_000);
    }
    const dead = await cluster.messages(topic("%DLQ%workers"));
    expect(dead.map(({ dead: letter }: Message<Uint8Array>) => letter?.reason)).to.deep.equal(["attempts"]);
  });

  it("A3-13 asks how a transaction ended, which nobody has decided, as soon as the clock says so", async () => {
    await using cluster = await startTestCluster({ topics: { jobs: { type: "mixed" } } });
    const client = await cluster.client();
    const seen: string[] = [];
    const consumer = client.consume(jobs, { group: "workers", from: "earliest" }, ({ body }) => {
      seen.push(Buffer.from(body).toString());
    });
    await consumer.start();
    const asked: number[] = [];
    const producer = client.transactional({
      group: "shop",
      topics: [jobs],
      check: (_message, { checkTimes }) => {
        asked.push(checkTimes);
        return checkTimes === 2 ? "commit" : "unknown";
      },
    });
    await producer.send({ topic: jobs, body: Buffer.from("paid") }, () => "unknown");
    await cluster.clock.advance("10s");
    expect([asked, seen]).to.deep.equal([[1], []]);
    await cluster.clock.advance("30s");
    expect([asked, seen]).to.deep.equal([[1, 2], ["paid"]]);
  });
});
