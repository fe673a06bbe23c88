import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Settings } from "../../../proto/gen/apache/rocketmq/v2/Settings.js";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { CallContext, Stream } from "../../../proto/kernel/channel.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { GatewayWorld } from "../../support/gateway-world.js";
import { MemoryCluster } from "../../support/memory-cluster.js";
import { codeOf, refusal } from "../../support/refusal.js";

const [OK, FAILED, NOT_IMPLEMENTED] = [20_000, 60_000, 50_100] as const;
const [PRODUCER, PUSH_CONSUMER] = [1, 2] as const;
const [JAVA, NODE_JS] = [1, 8] as const;

const CONSUMER: Settings = {
  clientType: PUSH_CONSUMER,
  userAgent: { language: JAVA, version: "5.2.0", hostname: "h" },
  subscription: { group: { name: "billing" }, subscriptions: [{ topic: { name: "orders" } }] },
};
const SENDER: Settings = {
  clientType: PRODUCER,
  userAgent: { language: NODE_JS, version: "1.0.8" },
  publishing: { topics: [{ name: "orders" }] },
};

/** A client, as far as its telemetry says. */
interface Played {
  readonly stream: Stream<TelemetryCommand, TelemetryCommand__Output>;
  /** Without the answers to its settings. */
  readonly commands: TelemetryCommand__Output[];
}

describe("administration of clients of RocketMQ", () => {
  let world: GatewayWorld;
  let client: ClusterClient;

  beforeEach(async () => {
    world = await GatewayWorld.start(["a", "b"]);
    client = await world.cluster.connect();
    await world.createTopic({ name: "orders" }, "b");
  });
  afterEach(() => world.close());

  const ask = <T>(promise: Promise<T>): Promise<T> => world.cluster.advance(promise);

  /** A client tells its settings to a broker; `reply` says what it answers to commands. */
  async function play(
    id: string,
    settings: Settings,
    { broker = "a", namespace = "", reply = () => undefined }: Partial<Play> = {},
  ): Promise<Played> {
    const headers = { "x-mq-client-id": id, "x-mq-namespace": namespace };
    const stream = world.to(broker, headers).open(MESSAGING.telemetry);
    const commands: TelemetryCommand__Output[] = [];
    let settled = false;
    stream.listen({
      message: (frame) => {
        if (frame.command === "settings") settled = true;
        else commands.push(frame);
        const answer = reply(frame);
        if (answer !== undefined) stream.write(answer);
      },
      close: () => {},
    });
    stream.write({ settings });
    await world.cluster.until("settings are answered", () => settled);
    return { stream, commands };
  }

  /** A message of the topic, which only broker b has. */
  async function stored(): Promise<string> {
    const receipt = await ask(
      client.producer().send({ topic: topic("orders"), body: Buffer.from("x"), tag: "paid" }),
    );
    return receipt.messageId;
  }

  it("lists them with what they have told, once for each broker, and those of a group", async () => {
    await play("p", SENDER);
    await play("c", CONSUMER);
    const { stream } = await play("c", CONSUMER, { broker: "b", namespace: "shop" });
    stream.end();
    await world.cluster.clock.advance(100);
    const { clients, more } = await ask(client.admin.rocketmq.list());
    expect(more).to.equal(false);
    const told = clients.map(({ lastHeardMsAgo, ...rest }) => ({ ...rest, heard: lastHeardMsAgo >= 0 }));
    const consumer = { id: "c", type: "PUSH_CONSUMER", language: "JAVA", version: "5.2.0", host: "h" };
    expect(told).to.deep.equal([
      { ...consumer, broker: "a", group: "billing", topics: ["orders"], telemetry: true, heard: true },
      {
        ...consumer,
        broker: "b",
        group: "shop%billing",
        topics: ["shop%orders"],
        telemetry: false,
        heard: true,
      },
      {
        id: "p",
        broker: "a",
        type: "PRODUCER",
        language: "NODE_JS",
        version: "1.0.8",
        host: undefined,
        group: undefined,
        topics: ["orders"],
        telemetry: true,
        heard: true,
      },
    ]);
    const ofGroup = async (group: string) =>
      (await ask(client.admin.rocketmq.list({ group }))).clients.map(({ broker }) => broker);
    expect(await ofGroup("billing")).to.deep.equal(["a"]);
    expect(await ofGroup("shop%billing")).to.deep.equal(["b"]);
    expect(await ofGroup("nobody")).to.deep.equal([]);
  });

  it("lists no more than was asked for, nor than an answer can carry, and says so", async () => {
    for (const id of ["1", "2", "3"]) await play(id, SENDER);
    const few = await ask(client.admin.rocketmq.list({ max: 2 }));
    expect([few.clients.length, few.more]).to.deep.equal([2, true]);
    const all = await ask(client.admin.rocketmq.list({ max: 3 }));
    expect([all.clients.length, all.more]).to.deep.equal([3, false]);
    const topics = Array.from({ length: 5_000 }, (_, i) => ({ name: `${i}`.padStart(127, "x") }));
    for (const id of ["4", "5"]) await play(id, { ...SENDER, publishing: { topics } });
    const long = await ask(client.admin.rocketmq.list());
    expect([long.clients.length, long.more]).to.deep.equal([4, true]);
    const hostname = "h".repeat(600_000);
    for (const id of ["4", "5"]) await play(id, { ...SENDER, userAgent: { hostname } });
    expect((await ask(client.admin.rocketmq.list())).more).to.equal(true);
  });

  it("has a client say what its threads do, by the broker that has its stream", async () => {
    const { stream } = await play("c", CONSUMER);
    stream.end();
    await play("c", CONSUMER, {
      broker: "b",
      reply: ({ printThreadStackTraceCommand: asked }) =>
        asked
          ? {
              status: { code: OK, message: "fine" },
              threadStackTrace: { nonce: asked.nonce, threadStackTrace: "at main" },
            }
          : undefined,
    });
    expect(await ask(client.admin.rocketmq.stackTrace("c"))).to.deep.equal({
      id: "c",
      broker: "b",
      status: "OK",
      message: "fine",
      stackTrace: "at main",
    });
    const there = client.admin.rocketmq.stackTrace("c", { broker: "a" });
    expect(await ask(refusal(there))).to.match(/^CONFLICT: client c has no telemetry stream here now/);
  });

  it("tells that a client has no stack trace", async () => {
    await play("p", SENDER, {
      reply: ({ printThreadStackTraceCommand: asked }) =>
        asked ? { status: { code: NOT_IMPLEMENTED }, threadStackTrace: { nonce: asked.nonce } } : undefined,
    });
    const { status, stackTrace } = await ask(client.admin.rocketmq.stackTrace("p"));
    expect([status, stackTrace]).to.deep.equal(["NOT_IMPLEMENTED", undefined]);
  });

  it("has a client verify a message of another broker, which comes as it would be delivered, without a receipt handle", async () => {
    const messageId = await stored();
    const played = await play("c", CONSUMER, {
      reply: ({ verifyMessageCommand: asked }) =>
        asked
          ? {
              status: { code: FAILED, message: "the listener threw" },
              verifyMessageResult: { nonce: asked.nonce },
            }
          : undefined,
    });
    expect(await ask(client.admin.rocketmq.verify("c", { topic: "orders", messageId }))).to.deep.equal({
      id: "c",
      broker: "a",
      status: "FAILED_TO_CONSUME_MESSAGE",
      message: "the listener threw",
    });
    const { message } = played.commands[0]!.verifyMessageCommand!;
    const { systemProperties: system } = message!;
    expect(message!.topic?.name).to.equal("orders");
    expect(message!.body.toString()).to.equal("x");
    expect([system?.messageId, system?.tag, system?.receiptHandle, system?.deliveryAttempt]).to.deep.equal([
      messageId,
      "paid",
      "",
      1,
    ]);
  });

  it("names the topic of a message to verify as the client does, and takes Node's answer", async () => {
    await world.createTopic({ name: "shop%orders" }, "b");
    const sent = client.producer().send({ topic: topic("shop%orders"), body: Buffer.from("x") });
    const { messageId } = await ask(sent);
    const played = await play("c", CONSUMER, {
      namespace: "shop",
      reply: ({ verifyMessageCommand: asked }) =>
        asked
          ? { status: { code: NOT_IMPLEMENTED }, verifyMessageCommand: { nonce: asked.nonce } }
          : undefined,
    });
    const { status } = await ask(client.admin.rocketmq.verify("c", { topic: "shop%orders", messageId }));
    expect(status).to.equal("NOT_IMPLEMENTED");
    expect(played.commands[0]!.verifyMessageCommand!.message!.topic?.name).to.equal("orders");
  });

  it("sends no client a message that is not of the topic, is in no queue, or has no such id", async () => {
    const messageId = await stored();
    await world.createTopic({ name: "other" }, "b");
    const { commands } = await play("c", CONSUMER);
    const verify = (of: string, id: string) =>
      ask(codeOf(client.admin.rocketmq.verify("c", { topic: of, messageId: id })));
    expect(await verify("other", messageId)).to.equal("MESSAGE_NOT_FOUND");
    expect(await verify("nowhere", messageId)).to.equal("MESSAGE_NOT_FOUND");
    expect(await verify("orders", "b-1-999999")).to.equal("MESSAGE_NOT_FOUND");
    expect(await verify("orders", "c-1-4096")).to.equal("MESSAGE_NOT_FOUND");
    expect(await verify("orders", "01ABCDEF")).to.equal("BAD_REQUEST");
    const later = { topic: topic("orders"), body: Buffer.from("later"), delayMs: 60_000 };
    const delayed = await ask(client.producer().send(later));
    expect(await verify("orders", delayed.messageId)).to.equal("CONFLICT");
    expect(commands).to.deep.equal([]);
  });

  it("tells a client to connect again, and waits for nothing", async () => {
    const { commands } = await play("p", SENDER);
    expect(await ask(client.admin.rocketmq.reconnect("p"))).to.deep.equal({ id: "p", broker: "a" });
    await world.cluster.until("it came", () => commands.length > 0);
    expect(commands.map(({ command }) => command)).to.deep.equal(["reconnectEndpointsCommand"]);
  });

  it("fails what waits for a client whose stream breaks", async () => {
    const { stream, commands } = await play("p", SENDER);
    const waiting = codeOf(client.admin.rocketmq.stackTrace("p"));
    await world.cluster.until("it was asked", () => commands.length > 0);
    stream.end();
    expect(await ask(waiting)).to.equal("CONFLICT");
  });

  it("says that the stream ended when a client says more than may be said at once", async () => {
    await play("p", SENDER, {
      reply: ({ printThreadStackTraceCommand: asked }) =>
        asked
          ? { threadStackTrace: { nonce: asked.nonce, threadStackTrace: "x".repeat(1 << 20) } }
          : undefined,
    });
    expect(await ask(codeOf(client.admin.rocketmq.stackTrace("p")))).to.equal("CONFLICT");
  });

  it("waits a little less than its caller does, to say that there was no answer", async () => {
    await play("p", SENDER);
    const { handlers } = world.cluster.brokerOf("a").served.find(({ name }) => name.endsWith("Admin"))!;
    const command = handlers["commandRocketmqClient"] as (
      request: object,
      call: CallContext,
    ) => Promise<object>;
    const call = {
      peer: "",
      signal: new AbortController().signal,
      header: (name: string) => (name === "grpc-timeout" ? "2S" : undefined),
    };
    const answer = refusal(command({ clientId: "p", stackTrace: true }, call));
    await world.cluster.clock.advance(1_690);
    await world.cluster.clock.advance(10);
    expect(await answer).to.match(/^TIMEOUT: client p has not answered within 1.7 s/);
    expect(await codeOf(command({ clientId: "p" }, call))).to.equal("BAD_REQUEST");
  });

  it("says of a client that nobody knows that it is not there", async () => {
    const { rocketmq } = client.admin;
    expect(await ask(codeOf(rocketmq.stackTrace("ghost")))).to.equal("CLIENT_NOT_FOUND");
    expect(await ask(codeOf(rocketmq.reconnect("ghost", { broker: "a" })))).to.equal("CLIENT_NOT_FOUND");
  });

  it("is refused, with what to do, where no broker serves such clients", async () => {
    const cluster = await MemoryCluster.start(["a"]);
    const { rocketmq } = (await cluster.connect()).admin;
    const refused = async (asked: () => Promise<unknown>) =>
      expect(await cluster.advance(refusal(asked()))).to.match(
        /^CONFLICT: .*start it with `--rocketmq true`/,
      );
    await refused(() => rocketmq.list());
    await refused(() => rocketmq.stackTrace("c"));
    await refused(() => rocketmq.reconnect("c", { broker: "a" }));
    await cluster.close();
  });
});

interface Play {
  readonly broker: string;
  readonly namespace: string;
  readonly reply: (frame: TelemetryCommand__Output) => TelemetryCommand | undefined;
}
