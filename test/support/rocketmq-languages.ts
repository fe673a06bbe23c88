import { expect } from "chai";
import { topic } from "../../client/index.js";
import { codeOf } from "./refusal.js";
import type { RocketmqCluster } from "./rocketmq-cluster.js";
import { until } from "./until.js";

/** A line of a program in another language: what it sent, what it received, or what it was asked about. */
export interface ProgramLine {
  readonly sent?: string;
  readonly id?: string;
  readonly received?: string;
  readonly tag?: string | null;
  readonly keys?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly attempt?: number;
  readonly asked?: string;
}

/** A program with RocketMQ's client in another language; see `test/languages/rocketmq/` for its verbs. */
export interface LanguageProgram {
  readonly language: string;
  readonly cluster: RocketmqCluster;
  /** Whether its client can recall a delayed message. */
  readonly recalls: boolean;
  /** Runs it to its end; one that pushes or is asked about transactions goes on, with what it has said last on its way, until `over` is settled. */
  run(args: readonly string[], over?: Promise<unknown>): Promise<readonly ProgramLine[]>;
}

/** What a program has printed. */
export function linesOf(output: string): ProgramLine[] {
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Transactions are asked about at once. */
export const CHECKED = ["--transaction-check-after-ms", "1s", "--transaction-check-every-ms", "1s"];

export async function makeTopics({ client }: RocketmqCluster): Promise<void> {
  const { topics, groups } = client.admin;
  await topics.create("plain", { queues: 2, type: "normal" });
  await topics.create("held", { queues: 1, type: "normal" });
  await topics.create("killed", { queues: 2, type: "normal" });
  await topics.create("failing", { queues: 2, type: "normal" });
  await topics.create("watched", { queues: 1, type: "normal" });
  await topics.create("steps", { queues: 2, type: "ordered" });
  await topics.create("later", { queues: 1, type: "delay" });
  await topics.create("money", { queues: 2, type: "transaction" });
  await groups.create("failing-readers", { retryDelaysMs: [1_000] });
  await groups.create("survivors");
  await groups.create("watchers");
  await groups.create("in-order", { ordered: true, maxAttempts: 2, retryDelaysMs: [1_000] });
}

const received = (lines: readonly ProgramLine[]) =>
  lines.flatMap(({ received: body }) => (body === undefined ? [] : [body]));

/** Until a group has acknowledged everything. */
const through = (program: () => LanguageProgram, group: string) =>
  until(
    `${group} is through`,
    async () => {
      const { queues } = await program().cluster.client.admin.groups.describe(group);
      const stored = queues.reduce((sum, { endOffset }) => sum + endOffset, 0);
      return stored > 0 && queues.every(({ lag }) => lag === 0);
    },
    40_000,
  );

/**
 * Runs a push consumer for so many messages, until `over`, or until its group has acknowledged everything: what it has
 * acknowledged last is on its way when it has all.
 */
async function push(
  program: () => LanguageProgram,
  [topic, group, count]: readonly [topic: string, group: string, count: string],
  over: Promise<unknown> = through(program, group),
): Promise<readonly ProgramLine[]> {
  const [lines] = await Promise.all([program().run(["push", topic, group, count], over), over]);
  return lines;
}

/** Until so many messages of a topic are decided on, or were never undecided: they are in its queues. */
export function committed({ client }: RocketmqCluster, name: string, messages: number): Promise<unknown> {
  return until(
    `${messages} messages of ${name} are committed`,
    async () => {
      const { queueList } = await client.admin.topics.describe(name);
      return queueList.reduce((sum, { endOffset }) => sum + endOffset, 0) === messages;
    },
    40_000,
  );
}

/** What a program whose client has all there is is expected to do, as tests of the suite around; `program` is there once they run. */
export function itDoesAllOfIt(program: () => LanguageProgram): void {
  itSendsAndReceives(program);
  itHidesAndPushes(program);
}

/** The same of one without push consumers. */
export function itSendsAndReceives(program: () => LanguageProgram): void {
  const run = (...args: string[]) => program().run(args);

  it("sends, receives with tag, key and properties, and acknowledges", async () => {
    const sent = await run("send", "plain", "one", "two");
    expect(sent.map((line) => line.sent)).to.deep.equal(["one", "two"]);
    const lines = await run("receive", "plain", "readers", "2");
    expect(received(lines)).to.have.members(["one", "two"]);
    for (const { received: body, tag, keys, properties, attempt } of lines) {
      expect([tag, keys, attempt]).to.deep.equal(["sent", [body], 1]);
      expect(properties).to.deep.equal({ language: program().language });
    }
    await through(program, "readers");
  });

  it("receives what an SQL expression is true of", async () => {
    await run("send", "plain", "three");
    const sql = `language = '${program().language}' AND TAGS = 'sent'`;
    expect(received(await run("receive", "plain", "choosers", "3", sql))).to.have.members([
      "one",
      "two",
      "three",
    ]);
    await through(program, "choosers");
  });

  it("sends for later, recalls if it can, and receives what is due", async () => {
    await run("delay", "later", "soon", "never");
    expect(received(await run("receive", "later", "late-readers", "1"))).to.deep.equal(["soon"]);
    const left = await program().cluster.client.admin.delayed.list({ topic: "later" }).toArray();
    expect(left.length).to.equal(program().recalls ? 0 : 1);
    await through(program, "late-readers");
  });

  it("commits, rolls back, and is asked about what nobody decided", async () => {
    const transact = ["transact", "money", "paid", "refused", "unsure"];
    const lines = await program().run(transact, committed(program().cluster, "money", 2));
    expect(lines.flatMap(({ asked }) => asked ?? [])).to.deep.equal(["unsure"]);
    expect(received(await run("receive", "money", "bank", "2"))).to.have.members(["paid", "unsure"]);
    await through(program, "bank");
  });
}

function itHidesAndPushes(program: () => LanguageProgram): void {
  const run = (...args: string[]) => program().run(args);

  it("receives again, as another attempt, what it made visible again", async () => {
    await run("send", "held", "x");
    const lines = await run("hide", "held", "hiders");
    expect(lines.map(({ received: body, attempt }) => [body, attempt])).to.deep.equal([
      ["x", 1],
      ["x", 2],
    ]);
    await through(program, "hiders");
  });

  it("keeps the order of message groups in a push consumer, past what it forwards to the dead letters", async () => {
    const good = ["0", "1", "2", "3"].flatMap((step) => ["a", "b", "c"].map((group) => `${group}-${step}`));
    await run("order", "steps", ...good.slice(0, 6), "a-poison", ...good.slice(6));
    const lines = await push(program, ["steps", "in-order", `${good.length}`]);
    const seen = received(lines).filter((body) => body !== "a-poison");
    for (const group of ["a", "b", "c"]) {
      const own = (all: readonly string[]) => all.filter((body) => body.startsWith(group));
      expect(own(seen)).to.deep.equal(own(good));
    }
    const letters = await program().cluster.client.admin.deadLetters.list("in-order").toArray();
    const told = letters.map(({ body, dead }) => [Buffer.from(body).toString(), dead?.reason]);
    expect(told).to.deep.equal([["a-poison", "rejected"]]);
  });

  it("gets again in a push consumer what its listener failed on", async () => {
    await run("send", "failing", "good", "bad");
    const lines = await push(program, ["failing", "failing-readers", "2"]);
    const told = lines.map(({ received: body, attempt }) => `${body} ${attempt}`);
    expect(told).to.have.members(["good 1", "bad 1", "bad 2"]);
  });

  it("goes on in a push consumer when the broker was killed and is back", async () => {
    const restartBetween = async (): Promise<void> => {
      await run("send", "killed", "one", "two");
      await through(program, "survivors");
      await program().cluster.restart();
      await run("send", "killed", "three", "four");
      await through(program, "survivors");
    };
    const lines = await push(program, ["killed", "survivors", "4"], restartBetween());
    expect(received(lines)).to.include.members(["one", "two", "three", "four"]);
  });
}

/** What a push consumer makes of commands: what stands in its stack trace, and how it answers to a message that it is to verify. */
export interface CommandAnswers {
  readonly trace: RegExp;
  readonly verify: string;
}

/** `answers` is undefined for a client that does not know commands. */
export function itIsCommanded(program: () => LanguageProgram, answers: CommandAnswers | undefined): void {
  it(`${answers === undefined ? "does not answer" : "answers"} commands in a push consumer, and goes on`, async () => {
    const { client } = program().cluster;
    const { rocketmq } = client.admin;
    const send = (body: string) =>
      client.producer().send({ topic: topic("watched"), body: Buffer.from(body) });
    const { messageId } = await send("one");
    const expected = answers?.verify === "OK" ? ["one", "one", "two"] : ["one", "two"];
    const command = async (): Promise<void> => {
      await through(program, "watchers");
      let id = "";
      await until("it has told what it is", async () => {
        const { clients } = await rocketmq.list({ group: "watchers" });
        id = clients.find(({ telemetry }) => telemetry)?.id ?? "";
        return id !== "";
      });
      const message = { topic: "watched", messageId };
      if (answers === undefined) {
        const soon = { timeoutMs: 1_000 };
        expect(await codeOf(rocketmq.stackTrace(id, soon))).to.equal("TIMEOUT");
        expect(await codeOf(rocketmq.verify(id, message, soon))).to.equal("TIMEOUT");
      } else {
        expect((await rocketmq.stackTrace(id)).stackTrace).to.match(answers.trace);
        expect((await rocketmq.verify(id, message)).status).to.equal(answers.verify);
      }
      await rocketmq.reconnect(id);
      await send("two");
      await through(program, "watchers");
    };
    const lines = await push(program, ["watched", "watchers", `${expected.length}`], command());
    expect(received(lines)).to.deep.equal(expected);
  });
}
