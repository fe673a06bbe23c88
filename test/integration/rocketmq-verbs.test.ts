import { expect } from "chai";
import type { MessageView, PushConsumer } from "rocketmq-client-nodejs";
import { run } from "../../client/cli/main.js";
import { topic } from "../../client/index.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { makeClientTopics, RocketmqClients } from "../support/rocketmq-clients.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { until } from "../support/until.js";

/** What a verb did. */
interface Done {
  readonly code: number;
  readonly data: readonly string[];
  readonly notes: readonly string[];
}

describe("verbs for clients of RocketMQ, with the official client for Node", function () {
  this.timeout(120_000);
  let cluster: RocketmqCluster;
  let clients: RocketmqClients;
  let consumer: PushConsumer;
  let id: string;
  const seen: string[] = [];

  before(async () => {
    cluster = await RocketmqCluster.start(["a", "b"]);
    clients = new RocketmqClients(cluster.folder, () => cluster.address());
    await makeClientTopics(cluster.client);
    const handled = ({ body }: MessageView): boolean => seen.push(body.toString()) > 0;
    consumer = await clients.push("readers", "plain", "*", handled);
    id = (consumer as unknown as { readonly clientId: string }).clientId;
    await until("it has told both brokers what it is", async () => (await listed("readers")).length === 2);
  });
  after(async () => {
    await clients.shutdown();
    await cluster.stop();
    clients.restore();
  });

  async function logwheel(...argv: string[]): Promise<Done> {
    const terminal = new FakeTerminal();
    const code = await run(["rocketmq", ...argv, "--namesrv", cluster.nameServer], terminal);
    return { code, data: terminal.data, notes: terminal.notes };
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the verb shows
  async function json(...argv: string[]): Promise<any> {
    return JSON.parse((await logwheel(...argv, "-o", "json")).data.join("\n"));
  }

  const listed = (group: string) => json("clients", "--group", group);

  it("lists a consumer at every broker, and a producer that is in no group", async () => {
    await clients.producer({ topics: ["plain"] });
    const [first, second] = await listed("readers");
    expect([first.broker, second.broker]).to.deep.equal(["a", "b"]);
    const { version, host, lastHeardMsAgo, ...rest } = first;
    expect(rest).to.deep.equal({
      id,
      broker: "a",
      type: "PUSH_CONSUMER",
      language: "NODE_JS",
      group: "readers",
      topics: ["plain"],
      telemetry: true,
    });
    expect([typeof version, typeof host, typeof lastHeardMsAgo]).to.deep.equal([
      "string",
      "string",
      "number",
    ]);
    await until("the producer is there", async () => {
      const { data } = await logwheel("clients");
      return data.some((line) => line.includes("PRODUCER") && line.includes("NODE_JS"));
    });
    const { data } = await logwheel("clients", "--group", "readers");
    expect(data).to.have.length(3);
    expect(data[0]).to.match(/^CLIENT ID +BROKER +TYPE +LANGUAGE +VERSION +GROUP +TOPICS +TELEMETRY$/);
  });

  it("trace prints what the client says, by whichever broker is named", async () => {
    for (const more of [[], ["--broker", "b"]])
      expect(await logwheel("trace", id, ...more)).to.deep.equal({
        code: 0,
        data: ["mock stack"],
        notes: [],
      });
    const answer = { id, broker: "b", status: "OK", message: null, stackTrace: "mock stack" };
    expect(await json("trace", id, "--broker", "b")).to.deep.equal(answer);
  });

  it("verify shows that this client does not, and ends with 1", async () => {
    const body = Buffer.from("to verify");
    const { messageId } = await cluster.client.producer().send({ topic: topic("plain"), body });
    const args = ["verify", id, "--topic", "plain", "--message", messageId, "--broker", "a"];
    const answer = { id, broker: "a", status: "NOT_IMPLEMENTED", message: null };
    expect(await json(...args)).to.deep.equal(answer);
    const { code, notes } = await logwheel(...args);
    expect([code, notes]).to.deep.equal([1, []]);
    expect((await logwheel("verify", id, "--topic", "plain", "--message", `${messageId}0`)).code).to.equal(3);
    await until("it has consumed it all the same", () => seen.includes("to verify"));
  });

  it("reconnect has the client open another telemetry stream, and go on consuming", async () => {
    let opened = 0;
    const inner = consumer as unknown as { createTelemetryStream(endpoints: unknown): unknown };
    const open = inner.createTelemetryStream.bind(inner);
    inner.createTelemetryStream = (endpoints) => {
      opened++;
      return open(endpoints);
    };
    expect(await json("reconnect", id, "--broker", "a")).to.deep.equal({ id, broker: "a" });
    await until("it opens another", () => opened > 0);
    await until("that is known", async () => (await logwheel("trace", id, "--broker", "a")).code === 0);
    for (const broker of ["a", "b"]) {
      const body = Buffer.from(`after, by ${broker}`);
      await cluster.client.producer().send({ topic: topic("plain"), body, broker });
      await until("it came", () => seen.includes(`after, by ${broker}`));
    }
  });

  it("end with 3 where nobody knows the client, and say where to look", async () => {
    const { code, notes } = await logwheel("trace", "ghost");
    expect(code).to.equal(3);
    expect(notes.join()).to.match(
      /no broker knows a client of RocketMQ "ghost"; see logwheel rocketmq clients/,
    );
  });
});
