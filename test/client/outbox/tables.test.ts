import { expect } from "chai";
import {
  createInbox,
  createOutbox,
  mysql,
  outboxTables,
  parametersKey,
  postgres,
  sqlite,
} from "../../../client/outbox/index.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";

describe("outbox tables", () => {
  it("may have names of your own, but only names", () => {
    const names = { outbox: "shop.outbox", inbox: "seen" };
    expect(outboxTables("postgres", names).join()).to.match(
      /TABLE IF NOT EXISTS shop\.outbox[\s\S]*outbox_key ON shop\.outbox[\s\S]*EXISTS seen/,
    );
    for (const table of ["", "a b", "a;b", "a.b.c", 'a"', "1a"]) {
      expect(() => outboxTables("mysql", { outbox: table }), table).to.throw(/table/);
      expect(() => createOutbox({ table }), table).to.throw(/table/);
      expect(() => createInbox({ group: "g", table }), table).to.throw(/table/);
    }
  });

  it("refuse what only plain JavaScript can give", () => {
    const wrong: readonly (() => unknown)[] = [
      () => outboxTables("foo" as never),
      () => outboxTables("toString" as never),
      () => createInbox({} as never),
      () => sqlite(null as never),
      () => sqlite({} as never),
      () => postgres(undefined as never),
      () => mysql("mysql://here" as never),
    ];
    for (const make of wrong)
      expect(make, String(make)).to.throw(LogwheelError).with.property("code", "BAD_REQUEST");
  });
});

describe("a key of parameters", () => {
  it("does not depend on the order of names, and on everything else", () => {
    const key = parametersKey({ b: [1, { d: 1, c: 2 }], a: "x" });
    expect(key).to.match(/^[0-9a-f]{64}$/);
    expect(parametersKey({ a: "x", b: [1, { c: 2, d: 1 }] })).to.equal(key);
    for (const other of [{ a: "x", b: [{ c: 2, d: 1 }, 1] }, { a: "x" }, { a: "y", b: [1, { c: 2, d: 1 }] }])
      expect(parametersKey(other)).to.not.equal(key);
    expect(() => parametersKey(undefined)).to.throw(/JSON/);
  });
});
