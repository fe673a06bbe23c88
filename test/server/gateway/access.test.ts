import { expect } from "chai";
import { Code } from "../../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Status } from "../../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Handlers } from "../../../proto/kernel/channel.js";
import { type Logger, silentLogger } from "../../../proto/kernel/logger.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { Access } from "../../../server/gateway/access.js";
import { FakeStream } from "../../support/fake-stream.js";

const TIME = "20210309T195445Z";
/** `openssl dgst -sha1 -hmac ak-secret` of the time. */
const SIGNATURE = "7f42039f4dc59ef2fbc121b9e6cc95f2e23eb279";
const KEY = { name: "ak", secret: "ak-secret" };

describe("access to the gateway", () => {
  const access = new Access(KEY, silentLogger);

  const taken: [client: string, authorization: string][] = [
    ["Java, Node and C#", written({ signature: SIGNATURE.toUpperCase() })],
    ["Python and Rust", written({})],
    ["Go", written({ credential: "ak//Rocketmq" })],
    ["C++", written({ credential: "ak/cn-hangzhou/RocketMQ" })],
    ["one with more to say", `MQv2-HMAC-SHA1 Signature=${SIGNATURE},  Credential=ak , Region=a=b`],
  ];
  for (const [client, authorization] of taken)
    it(`takes a signature as ${client} writes it`, () => {
      expect(access.refusal(callWith({ authorization, "x-mq-date-time": TIME }))).to.equal(undefined);
    });

  it("signs the time as the client has written it, in whatever form and of whatever day", () => {
    const time = "2021-03-09T19:54:45.123+08:00";
    const authorization = written({ signature: "c0185cb565d69a1e8dfd48548386d69bb6f72304" });
    expect(access.refusal(callWith({ authorization, "x-mq-date-time": time }))).to.equal(undefined);
    expect(access.refusal(callWith({ authorization, "x-mq-date-time": TIME }))?.code).to.equal(
      Code.UNAUTHORIZED,
    );
  });

  it("takes the last signature and the last time where a client has added them again with each attempt", () => {
    const old = written({ signature: "00".repeat(20) });
    const headers = (first: string, last: string) =>
      callWith({ authorization: `${first}, ${last}`, "x-mq-date-time": `20200101T000000Z, ${TIME}` });
    expect(access.refusal(headers(old, written({})))).to.equal(undefined);
    expect(access.refusal(headers(written({}), old))?.code).to.equal(Code.UNAUTHORIZED);
  });

  it("takes the secret as UTF-8", () => {
    const other = new Access({ name: "ak", secret: "geheim-ß" }, silentLogger);
    const authorization = written({ signature: "91708ccd9b64d32f414ceb43a0686540fbb2fadc" });
    expect(other.refusal(callWith({ authorization, "x-mq-date-time": TIME }))).to.equal(undefined);
  });

  const refused: [what: string, headers: Record<string, string>, why: string][] = [
    ["no header at all", {}, "not signed"],
    ["no authorization", { "x-mq-date-time": TIME }, "not signed"],
    ["no time", { authorization: written({}) }, "not signed"],
    ["no list", signed("MQv2-HMAC-SHA1"), "cannot be read"],
    ["an item without a value", signed(`${written({})}, more`), "cannot be read"],
    ["no credential", signed(`MQv2-HMAC-SHA1 Signature=${SIGNATURE}`), "unknown"],
    ["no signature", signed("MQv2-HMAC-SHA1 Credential=ak"), "unknown"],
    ["empty keys", signed(written({ credential: "", signature: "" })), "unknown"],
    ["another key", signed(written({ credential: "AK" })), "unknown"],
    ["a signature by another secret", signed(written({ signature: "f".repeat(40) })), "unknown"],
    ["half a signature", signed(written({ signature: SIGNATURE.slice(0, 20) })), "unknown"],
    ["a signature that is no hex", signed(written({ signature: "x".repeat(40) })), "unknown"],
  ];
  for (const [what, headers, why] of refused)
    it(`refuses ${what}`, () => {
      const status = access.refusal(callWith(headers));
      expect(status?.code).to.equal(Code.UNAUTHORIZED);
      expect(status?.message).to.include(why);
    });

  it("stands before every call of the service: refused ones reach nothing, and are logged", async () => {
    const said: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => void said.push(fields) };
    const reached: string[] = [];
    const guarded = new Access(KEY, logger).guard(handlers(reached));
    expect(Object.keys(guarded)).to.deep.equal(Object.keys(MESSAGING));
    for (const [name, { kind }] of Object.entries(MESSAGING))
      expect((await answer(guarded[name], kind, callWith({})))?.code, name).to.equal(Code.UNAUTHORIZED);
    expect(reached).to.deep.equal([]);
    expect(said[0]).to.deep.equal({ reason: "signature", peer: "p", method: MESSAGING.queryRoute.path });
    expect(said).to.have.length(Object.keys(MESSAGING).length);
  });

  it("lets signed calls pass as they are", async () => {
    const reached: string[] = [];
    const guarded = access.guard(handlers(reached));
    for (const [name, { kind }] of Object.entries(MESSAGING))
      await answer(guarded[name], kind, callWith(signed(written({}))));
    expect(reached).to.deep.equal(Object.keys(MESSAGING));
  });

  it("ends a refused stream well, also when its caller says nothing", () => {
    const stream = new FakeStream<object, object>();
    (access.guard(handlers([])).telemetry as (stream: object, call: CallContext) => void)(
      stream,
      callWith({}),
    );
    expect([stream.written, stream.ended]).to.deep.equal([[], false]);
    stream.hearEnd();
    expect([stream.written, stream.ended, stream.failure]).to.deep.equal([[], true, null]);
  });
});

function written({ credential = "ak", signature = SIGNATURE }): string {
  return `MQv2-HMAC-SHA1 Credential=${credential}, SignedHeaders=x-mq-date-time, Signature=${signature}`;
}

function signed(authorization: string): Record<string, string> {
  return { authorization, "x-mq-date-time": TIME };
}

function callWith(headers: Readonly<Record<string, string>>): CallContext {
  return { peer: "p", signal: new AbortController().signal, header: (name) => headers[name] };
}

/** Handlers that say that they were reached. */
function handlers(reached: string[]): Handlers<typeof MESSAGING> {
  const names = Object.keys(MESSAGING).map((name) => [name, () => void reached.push(name)]);
  return Object.fromEntries(names);
}

/** The status that a handler answers with, if it does. */
async function answer(handler: unknown, kind: string, call: CallContext): Promise<Status | undefined> {
  const stream = new FakeStream<{ status: Status }, object>();
  const reply = (handler as (first: object, call: CallContext) => unknown)(stream, call);
  if (kind === "unary") return ((await reply) as { status: Status } | undefined)?.status;
  stream.hear({});
  return stream.written[0]?.status;
}
