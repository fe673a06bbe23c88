import { expect } from "chai";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { Stream } from "../../../proto/kernel/channel.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { ClientCommands } from "../../../server/gateway/client-commands.js";
import { GatewayClients } from "../../../server/gateway/clients.js";
import { Telemetry } from "../../../server/gateway/telemetry.js";
import { FakeStream } from "../../support/fake-stream.js";
import { GatewayWorld } from "../../support/gateway-world.js";

const [OK, FAILED, NOT_IMPLEMENTED] = [20000, 60000, 50100] as const;
const SETTINGS: TelemetryCommand = { settings: { publishing: { topics: [{ name: "orders" }] } } };

/** What clients send beside their settings, each as some language has it. */
const ANSWERS: readonly (readonly [what: string, command: TelemetryCommand])[] = [
  [
    "the result of a message that it was to verify",
    { status: code(OK), verifyMessageResult: { nonce: "n" } },
  ],
  ["that it could not consume it", { status: code(FAILED), verifyMessageResult: { nonce: "n" } }],
  ["a result without a nonce", { verifyMessageResult: {} }],
  // Node answers with the command.
  ["that it cannot verify", { status: code(NOT_IMPLEMENTED), verifyMessageCommand: { nonce: "n" } }],
  ["a stack trace", { status: code(OK), threadStackTrace: { nonce: "n", threadStackTrace: "at main" } }],
  ["that it has no stack trace", { status: code(NOT_IMPLEMENTED), threadStackTrace: { nonce: "n" } }],
  ["that it has connected again", { reconnectEndpointsCommand: { nonce: "n" } }],
  ["the end of a lite subscription", { notifyUnsubscribeLiteCommand: { liteTopic: "l" } }],
  ["a status alone", { status: code(FAILED) }],
  ["nothing", {}],
];

describe("telemetry", () => {
  let world: GatewayWorld;

  before(async () => {
    world = await GatewayWorld.start();
    await world.createTopic({ name: "orders" });
  });
  after(() => world.close());

  for (const [what, answer] of ANSWERS)
    it(`goes on after a client has said ${what}`, async () => {
      const { stream, heard } = open();
      stream.write(answer);
      stream.write(SETTINGS);
      stream.write(answer);
      stream.write(answer);
      stream.write(SETTINGS);
      await world.cluster.until("both settings are answered", () => heard.frames.length >= 2);
      expect(heard.frames.map(({ status, command }) => [status?.code, command])).to.deep.equal([
        [OK, "settings"],
        [OK, "settings"],
      ]);
      expect(heard.closed).to.equal(undefined);
      stream.end();
      await world.cluster.until("the stream is over", () => heard.closed !== undefined);
      expect(heard.closed).to.equal(null);
      expect(heard.frames.length).to.equal(2);
    });

  it("hears a client no further that does not read", async () => {
    const clients = new GatewayClients(world.cluster.clock, () => {});
    const stream = new FakeStream<TelemetryCommand, TelemetryCommand__Output>();
    const groupRules = async () => ({ ordered: false, maxAttempts: 17, retryDelaysMs: [1_000] });
    const commands = new ClientCommands({ clock: world.cluster.clock, random: () => 0.5 });
    const deps = { clients, commands, rules: { bodyBytesMax: 1 }, groupRules, settled() {}, closed() {} };
    const header = (name: string): string | undefined => (name === "x-mq-client-id" ? "slow" : undefined);
    new Telemetry(deps, stream, { peer: "", signal: new AbortController().signal, header });
    stream.accepts = false;
    stream.hear(SETTINGS as TelemetryCommand__Output);
    await world.cluster.until("it is answered", () => stream.written.length > 0);
    expect(stream.paused).to.equal(true);
    const slow = clients.get("slow")!;
    const reconnect = (nonce: string) => ({ reconnectEndpointsCommand: { nonce } });
    expect(() => commands.tell(slow, reconnect)).to.throw(/has not read yet/);
    expect(stream.written.length).to.equal(1);
    stream.drain();
    expect(stream.paused).to.equal(false);
    commands.tell(slow, reconnect);
    expect(stream.written.length).to.equal(2);
  });

  it("ends with its client's, although that never said what it is", async () => {
    const { stream, heard } = open();
    for (const [, answer] of ANSWERS) stream.write(answer);
    stream.end();
    await world.cluster.until("the stream is over", () => heard.closed !== undefined);
    expect(heard).to.deep.equal({ frames: [], closed: null });
  });

  it("makes nobody a client who has not said what it is", async () => {
    const channel = world.to("a", { "x-mq-client-id": "silent" });
    const { stream, heard } = open(channel);
    for (const [, answer] of ANSWERS) stream.write(answer);
    const { status } = await world.ask(MESSAGING.heartbeat, {}, channel);
    expect(status?.code).to.equal(40015);
    stream.write(SETTINGS);
    await world.cluster.until("its settings are answered", () => heard.frames.length > 0);
    expect((await world.ask(MESSAGING.heartbeat, {}, channel)).status?.code).to.equal(OK);
    stream.end();
  });

  function open(channel = world.to()): {
    stream: Stream<TelemetryCommand, TelemetryCommand__Output>;
    heard: { frames: TelemetryCommand__Output[]; closed: Error | null | undefined };
  } {
    const stream = channel.open(MESSAGING.telemetry);
    const heard: ReturnType<typeof open>["heard"] = { frames: [], closed: undefined };
    stream.listen({
      message: (frame) => void heard.frames.push(frame),
      close: (error) => {
        heard.closed = error;
      },
    });
    return { stream, heard };
  }
});

function code(value: typeof OK | typeof FAILED | typeof NOT_IMPLEMENTED) {
  return { code: value, message: "" };
}
