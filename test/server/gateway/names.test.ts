import { expect } from "chai";
import { groupRefusal, nameOf, topicRefusal } from "../../../server/gateway/names.js";

const ILLEGAL_TOPIC = 40002;
const ILLEGAL_CONSUMER_GROUP = 40003;

describe("names of RocketMQ", () => {
  it("are those of their resource when nothing has a namespace", () => {
    expect(nameOf(resource("", "orders"))).to.equal("orders");
    expect(nameOf(resource("", "orders"), "")).to.equal("orders");
  });

  it("have their own namespace before them, or else that of the call", () => {
    expect(nameOf(resource("own", "orders"))).to.equal("own%orders");
    expect(nameOf(resource("own", "orders"), "call")).to.equal("own%orders");
    expect(nameOf(resource("", "orders"), "call")).to.equal("call%orders");
  });

  it("are empty without a resource, whatever the namespace", () => {
    for (const none of [null, undefined, resource("", ""), resource("own", "")])
      expect(nameOf(none, "call")).to.equal("");
  });

  for (const [what, refusalOf, code, longest] of [
    ["topic", topicRefusal, ILLEGAL_TOPIC, 127],
    ["consumer group", groupRefusal, ILLEGAL_CONSUMER_GROUP, 120],
  ] as const)
    describe(`of a ${what}`, () => {
      it(`have 1 to ${longest} characters`, () => {
        expect(refusalOf("")?.code).to.equal(code);
        expect(refusalOf("x")).to.equal(undefined);
        expect(refusalOf("x".repeat(longest - 1))).to.equal(undefined);
        expect(refusalOf("x".repeat(longest))).to.equal(undefined);
        const refused = refusalOf("x".repeat(longest + 1));
        expect(refused?.code).to.equal(code);
        expect(refused?.message).to.include(what).and.include(String(longest));
      });

      it("have letters, digits and four more characters", () => {
        expect(refusalOf("azAZ09%|_-")).to.equal(undefined);
        for (const other of [" ", ".", "/", "$", "ä", "\n", "\0", "*", "+", "~", "日"])
          for (const name of [other, `a${other}`, `${other}a`, `a${other}b`])
            expect(refusalOf(name)?.code, JSON.stringify(name)).to.equal(code);
      });

      it("are not those of the system", () => {
        const systems = ["TBW102", "SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS", "rmq_sys_x", "CID_RMQ_SYS_a"];
        for (const name of systems) {
          const refused = refusalOf(name);
          expect(refused?.code, name).to.equal(code);
          expect(refused?.message).to.include(name);
        }
      });

      it("may be like those of the system", () => {
        for (const name of ["TBW1021", "aTBW102", "SCHEDULE_TOPIC_XXX", "tbw102", "RMQ_SYS", "CID_x"])
          expect(refusalOf(name), name).to.equal(undefined);
      });
    });
});

function resource(resourceNamespace: string, name: string): { resourceNamespace: string; name: string } {
  return { resourceNamespace, name };
}
