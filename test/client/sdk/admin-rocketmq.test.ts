import { expect } from "chai";
import { RocketmqAdmin } from "../../../client/sdk/admin-rocketmq.js";
import type { Answer, ClusterBrokers } from "../../../client/sdk/cluster-brokers.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { refusal } from "../../support/refusal.js";

type Told = Pick<Answer<{ clients: { telemetry: boolean }[] }>, "reply" | "error">;

const nobody: Told = { reply: { clients: [] } };
const known: Told = { reply: { clients: [{ telemetry: false }] } };
const streaming: Told = { reply: { clients: [{ telemetry: true }] } };
const failed = (code: "TIMEOUT" | "CONFLICT"): Told => ({
  error: new LogwheelError(code, `it says ${code}`),
});

/** Brokers by name, which answer who asks for a client as told; undefined: never. */
function admin(told: Readonly<Record<string, Told | undefined>>): RocketmqAdmin {
  const infos = Object.keys(told).map((name) => ({ name, address: `${name}:1` }));
  return new RocketmqAdmin({
    list: async () => infos,
    ask: async ([{ name }]: readonly [{ name: string }]) => [
      (await told[name]) ?? (await new Promise(() => {})),
    ],
    call: async () => ({ status: "", message: "" }),
  } as unknown as ClusterBrokers);
}

describe("the broker by which a client of RocketMQ is reached", () => {
  it("is one that has a stream of it, whatever the others say, or if they say nothing", async () => {
    const all = { a: known, b: failed("TIMEOUT"), c: streaming, d: undefined };
    expect((await admin(all).reconnect("id")).broker).to.equal("c");
  });

  it("is one that knows it if there is none, to say what is missing", async () => {
    expect((await admin({ a: nobody, b: known, c: failed("TIMEOUT") }).reconnect("id")).broker).to.equal("b");
  });

  it("is not there when none knows it; one that did not answer might have, and nothing was done", async () => {
    expect(await refusal(admin({ a: nobody, b: failed("CONFLICT") }).reconnect("id"))).to.match(
      /^CLIENT_NOT_FOUND: no broker knows/,
    );
    expect(await refusal(admin({ a: nobody, b: failed("TIMEOUT") }).reconnect("id"))).to.equal(
      "TIMEOUT: it says TIMEOUT",
    );
    expect(await refusal(admin({ a: failed("CONFLICT") }).reconnect("id"))).to.equal(
      "CONFLICT: it says CONFLICT",
    );
  });
});
