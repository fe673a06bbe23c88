import { expect } from "chai";
import { RouteTable } from "../../../client/sdk/route-table.js";
import type { Routes__Output } from "../../../proto/gen/logwheel/v1/Routes.js";
import { KEYED_GRACE_MS } from "../../../proto/kernel/limits.js";

type Permission = 0 | 1 | 2 | 3;

/** What a name server says: topics with queues by broker, and the brokers. */
function told(
  topics: Readonly<
    Record<string, Readonly<Record<string, number | [queues: number, permission: Permission]>>>
  >,
  brokers: Readonly<Record<string, { address?: string; epoch?: number; autoCreate?: boolean }>> = {},
): Routes__Output {
  const names = new Set([
    ...Object.keys(brokers),
    ...Object.values(topics).flatMap((shares) => Object.keys(shares)),
  ]);
  return {
    routes: Object.entries(topics).map(([topic, shares]) => ({
      topic,
      shares: Object.entries(shares).map(([broker, what]) => {
        const [queues, permission] = typeof what === "number" ? [what, 0 as const] : what;
        return {
          broker,
          topic: {
            name: topic,
            queues,
            type: 1,
            permission,
            retentionMs: 0,
            ttlMs: 0,
            expired: 0 as const,
            attributes: {},
          },
        };
      }),
    })),
    brokers: [...names].map((name) => ({
      name,
      address: `${name}:1`,
      epoch: 1,
      autoCreate: false,
      version: "",
      flushSync: false,
      startedAtMs: 0,
      ...brokers[name],
    })),
  };
}

const brokersOf = (table: RouteTable, topic: string) =>
  table.route(topic)?.shares.map(({ broker }) => broker);

describe("route table", () => {
  it("keeps routes by broker name, and says which have changed", () => {
    const table = new RouteTable();
    expect(table.apply(told({ t: { b: 2, a: 1 }, u: {} }), 0, false)).to.deep.equal(["t", "u"]);
    expect(table.route("t")?.shares).to.deep.equal([
      { broker: "a", queues: 1, readable: true, writable: true, goneMs: null },
      { broker: "b", queues: 2, readable: true, writable: true, goneMs: null },
    ]);
    expect(table.route("u")?.shares).to.deep.equal([]);
    expect(table.route("v")).to.equal(undefined);
    expect(table.apply(told({ t: { a: 1, b: 2 } }), 5, false)).to.deep.equal([]);
    expect(table.apply(told({ t: { a: 1, b: 3 } }), 5, false)).to.deep.equal(["t"]);
  });

  it("a restarted or moved broker is a change of its topics", () => {
    const table = new RouteTable();
    table.apply(told({ t: { a: 1 } }), 0, false);
    expect(table.apply(told({ t: { a: 1 } }, { a: { epoch: 2 } }), 0, false)).to.deep.equal(["t"]);
    expect(table.apply(told({ t: { a: 1 } }, { a: { epoch: 2, address: "a:2" } }), 0, false)).to.deep.equal([
      "t",
    ]);
    expect(table.broker("a")?.address).to.equal("a:2");
    expect([...table.addresses()]).to.deep.equal(["a:2"]);
  });

  it("permissions say what may be done", () => {
    const table = new RouteTable();
    table.apply(told({ t: { a: [1, 1], b: [1, 2], c: [1, 3] } }), 0, false);
    expect(table.route("t")?.shares.map(({ readable, writable }) => [readable, writable])).to.deep.equal([
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  it("a broker that left is marked, kept for its keys, and forgotten after a while", () => {
    const table = new RouteTable();
    table.apply(told({ t: { a: 1, b: 1 } }), 0, false);
    expect(table.apply(told({ t: { a: 1 } }), 1_000, false)).to.deep.equal(["t"]);
    expect(table.route("t")?.shares.map(({ goneMs }) => goneMs)).to.deep.equal([null, 1_000]);
    expect(table.hasGone).to.equal(true);
    table.apply(told({ t: { a: 1 } }), 2_000, false);
    expect(table.purge(1_000 + KEYED_GRACE_MS - 1)).to.deep.equal([]);
    expect(table.purge(1_000 + KEYED_GRACE_MS)).to.deep.equal(["t"]);
    expect(brokersOf(table, "t")).to.deep.equal(["a"]);
    expect(table.broker("b")).to.equal(undefined);
  });

  it("a broker that comes back is there as before", () => {
    const table = new RouteTable();
    table.apply(told({ t: { a: 1 } }), 0, false);
    table.apply(told({ t: {} }), 10, false);
    table.apply(told({ t: { a: 1 } }), 20, false);
    expect(table.route("t")?.shares[0]).to.include({ goneMs: null });
    expect(table.purge(1_000_000)).to.deep.equal([]);
  });

  it("a name server that has just started takes nothing away", () => {
    const table = new RouteTable();
    table.apply(told({ t: { a: 1, b: 1 } }, { m: { autoCreate: true } }), 0, false);
    expect(table.apply(told({ t: { a: 2 } }), 10, true)).to.deep.equal(["t"]);
    expect(brokersOf(table, "t")).to.deep.equal(["a", "b"]);
    expect(table.hasGone).to.equal(false);
    expect(table.makers.map(({ name }) => name)).to.deep.equal(["m"]);
    table.apply(told({ t: { a: 2 } }), 20, false);
    expect(table.makers).to.deep.equal([]);
  });
});
