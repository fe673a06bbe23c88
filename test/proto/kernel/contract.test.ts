import { expect } from "chai";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BROKER, NAME_SERVER, SERVICE_NAME } from "../../../proto/kernel/contract.js";
import { readDescriptor } from "../../../proto/kernel/descriptor.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";

const TABLES = { BROKER, ADMIN, NAME_SERVER } as const;

describe("method tables", () => {
  for (const [name, table] of Object.entries(TABLES) as [keyof typeof TABLES, object][])
    it(`${name} has every method of the .proto and no other, under its name in lower case`, () => {
      const service = SERVICE_NAME[name];
      const declared = readDescriptor()
        .flatMap(({ symbols }) => symbols)
        .filter((symbol) => symbol.startsWith(`${service}.`))
        .map((symbol) => symbol.slice(service.length + 1));
      expect(Object.values(table).map(({ path }) => path)).to.have.members(
        declared.map((method) => `/${service}/${method}`),
      );
      expect(Object.keys(table)).to.have.members(
        declared.map((method) => `${method[0]?.toLowerCase()}${method.slice(1)}`),
      );
    });

  it("carry numbers up to 2^53 - 1 and refuse greater ones both ways, in place of rounding them", () => {
    const { request } = BROKER.pull;
    const sent = { topic: "t", offset: Number.MAX_SAFE_INTEGER };
    expect(request.decode(request.encode(sent)).offset).to.equal(Number.MAX_SAFE_INTEGER);
    for (const offset of [2 ** 53, 0.5, Number.NaN])
      expect(() => request.encode({ topic: "t", offset }))
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
    // offset 2^53 + 1, which a double cannot hold.
    expect(() => request.decode(Buffer.from("188180808080808010", "hex")))
      .to.throw(LogwheelError)
      .with.property("code", "BAD_REQUEST");
  });

  it("give every absent field its default and tell absent from zero where that matters", () => {
    const empty = ADMIN.updateTopic.request.decode(Buffer.alloc(0));
    expect(empty.name).to.equal("");
    expect(empty.dryRun).to.equal(false);
    expect(empty.removeAttributes).to.deep.equal([]);
    expect(empty.retentionMs).to.equal(undefined);
    const { request } = ADMIN.updateTopic;
    expect(request.decode(request.encode({ retentionMs: 0 })).retentionMs).to.equal(0);
    expect(ADMIN.createTopic.request.decode(Buffer.alloc(0)).topic).to.equal(null);
  });

  it("refuse bytes of another shape and name the message", () => {
    expect(() => ADMIN.createTopic.request.decode(Buffer.from("0aff", "hex")))
      .to.throw(LogwheelError, /logwheel\.v1\.CreateTopicRequest/)
      .with.property("code", "BAD_REQUEST");
  });

  it("leave Object.prototype alone when a map's keys are special to JavaScript", () => {
    const attributes = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
    const { request } = ADMIN.createTopic;
    request.decode(request.encode({ topic: { name: "t", attributes } }));
    // One map entry with the key __proto__, as another encoder writes it.
    request.decode(Buffer.from("0a12" + "3210" + "0a095f5f70726f746f5f5f" + "120378787a", "hex"));
    expect(Object.getOwnPropertyNames(Object.prototype)).to.not.include("xxz");
    expect(({} as Record<string, unknown>)["x"]).to.equal(undefined);
  });
});
