import { expect } from "chai";
import { NAME_SERVER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { NameServers } from "../../../server/gateway/name-servers.js";
import { FakeChannel } from "../../support/fake-channel.js";

describe("name servers of a gateway", () => {
  const asked: string[] = [];
  let down: string[] = [];
  const channel = (name: string): FakeChannel =>
    new FakeChannel(name, () => {
      asked.push(name);
      if (down.includes(name)) throw new LogwheelError("BROKER_UNAVAILABLE", `${name} is down`);
      return { brokers: [] };
    });
  const askOnce = async (names: NameServers): Promise<string[]> => {
    asked.length = 0;
    await names.ask(NAME_SERVER.listBrokers, {});
    return [...asked];
  };

  it("are asked one after the other, the one that answered last first", async () => {
    const names = new NameServers([channel("x"), channel("y"), channel("z")]);
    expect(await askOnce(names)).to.deep.equal(["x"]);
    down = ["x"];
    expect(await askOnce(names)).to.deep.equal(["x", "y"]);
    down = [];
    expect(await askOnce(names)).to.deep.equal(["y"]);
    down = ["y", "z"];
    expect(await askOnce(names)).to.deep.equal(["y", "z", "x"]);
  });

  it("fail with what the last one said if none answers, and with a sentence if there is none", async () => {
    down = ["x", "y"];
    const failure = await new NameServers([channel("x"), channel("y")])
      .ask(NAME_SERVER.listBrokers, {})
      .catch((thrown: Error) => thrown);
    expect(failure).to.have.property("message", "y is down");
    const none = await new NameServers([]).ask(NAME_SERVER.listBrokers, {}).catch((thrown: Error) => thrown);
    expect(none).to.include({ code: "BROKER_UNAVAILABLE", message: "there is no name server to ask" });
  });
});
