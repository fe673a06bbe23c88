import { setMaxListeners } from "node:events";
import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import { ClientCommands } from "../../../server/gateway/client-commands.js";
import type { GatewayClient } from "../../../server/gateway/clients.js";
import { codeOf, refusal } from "../../support/refusal.js";

const trace = (nonce: string): TelemetryCommand => ({ printThreadStackTraceCommand: { nonce } });

describe("commands to clients of RocketMQ", () => {
  let clock: TestClock;
  let commands: ClientCommands;
  let sent: TelemetryCommand[];
  let leaving: AbortController;

  beforeEach(() => {
    clock = new TestClock();
    commands = new ClientCommands({ clock, random: () => 0.5 });
    sent = [];
    leaving = new AbortController();
    setMaxListeners(0, leaving.signal);
  });

  function client(id: string): GatewayClient {
    return { id, settings: undefined, namespace: "", tell: (command) => void sent.push(command), heardMs: 0 };
  }

  const ask = (of: GatewayClient) => commands.ask(of, trace, { waitMs: 5_000, signal: leaving.signal });
  const nonces = (): string[] => sent.map((each) => each.printThreadStackTraceCommand!.nonce!);
  const traced = (nonce: string, threadStackTrace = "at main") =>
    ({ threadStackTrace: { nonce, threadStackTrace } }) as TelemetryCommand__Output;

  it("end with the answer of their nonce and client, and with no other", async () => {
    const [one, other] = [client("one"), client("other")];
    const answers = [ask(one), ask(one), ask(other)];
    const [first, second, third] = nonces();
    expect(new Set(nonces()).size).to.equal(3);
    commands.answered("one", traced("of nobody"));
    commands.answered("one", {} as TelemetryCommand__Output);
    commands.answered("other", traced(first!, "forged"));
    commands.answered("one", traced(second!, "b"));
    commands.answered("one", traced(second!, "again"));
    commands.answered("other", traced(third!, "c"));
    commands.answered("one", traced(first!, "a"));
    const told = (await Promise.all(answers)).map((answer) => answer.threadStackTrace?.threadStackTrace);
    expect(told).to.deep.equal(["a", "b", "c"]);
  });

  for (const member of ["threadStackTrace", "verifyMessageResult", "verifyMessageCommand"])
    it(`take an answer in ${member}`, async () => {
      const answer = ask(client("one"));
      const said = { [member]: { nonce: nonces()[0]! } } as unknown as TelemetryCommand__Output;
      commands.answered("one", said);
      expect(await answer).to.equal(said);
    });

  it("say who has not answered, how long that was waited for, and whose clients never do", async () => {
    const answer = refusal(ask(client("one")));
    await clock.advance(4_999);
    commands.answered("one", traced("of nobody"));
    await clock.advance(1);
    expect(await answer).to.match(/^TIMEOUT: client one has not answered within 5 s: .*Python and Rust/);
  });

  it("end with the stream that they went by, and with no other of the client", async () => {
    const one = client("one");
    const old = one.tell!;
    const lost = codeOf(ask(one));
    one.tell = (command) => void sent.push(command);
    const answer = ask(one);
    commands.broken(old);
    expect(await lost).to.equal("CONFLICT");
    commands.answered("one", traced(nonces()[1]!));
    expect((await answer).threadStackTrace?.threadStackTrace).to.equal("at main");
  });

  it("end when nobody waits any more", async () => {
    const answer = codeOf(ask(client("one")));
    leaving.abort();
    expect(await answer).to.equal("ABORTED");
  });

  it("are not sent when nobody waits for the answer, or not long enough", async () => {
    const { signal } = leaving;
    expect(await codeOf(commands.ask(client("one"), trace, { waitMs: 0, signal }))).to.equal("TIMEOUT");
    leaving.abort();
    expect(await codeOf(ask(client("one")))).to.equal("ABORTED");
    expect(sent).to.deep.equal([]);
  });

  it("are refused without a stream", async () => {
    const one = client("one");
    one.tell = undefined;
    expect(await codeOf(ask(one))).to.equal("CONFLICT");
    expect(() => commands.tell(one, trace)).to.throw(/no telemetry stream/);
    expect(sent).to.deep.equal([]);
  });

  it("are refused while four of a client wait, until one is over", async () => {
    const one = client("one");
    const first = ask(one);
    const rest = [1, 2, 3].map(() => codeOf(ask(one)));
    expect(await codeOf(ask(one))).to.equal("THROTTLED");
    expect(sent).to.have.length(4);
    commands.answered("one", traced(nonces()[0]!));
    await first;
    rest.push(codeOf(ask(one)));
    expect(sent).to.have.length(5);
    expect(await codeOf(ask(one))).to.equal("THROTTLED");
    await clock.advance(5_000);
    expect(await Promise.all(rest)).to.deep.equal(rest.map(() => "TIMEOUT"));
    rest.push(codeOf(ask(one)));
    expect(sent).to.have.length(6);
    leaving.abort();
    await Promise.all(rest);
  });

  it("are refused while 256 of all clients wait", async () => {
    const all = Array.from({ length: 256 }, (_, i) => codeOf(ask(client(`${i}`))));
    expect(await codeOf(ask(client("late")))).to.equal("THROTTLED");
    leaving.abort();
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set(["ABORTED"]));
  });
});
