import { expect } from "chai";
import type { Topic__Output } from "../../../proto/gen/logwheel/v1/Topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  brokerQueues,
  endpointsOf,
  isReadable,
  messageQueues,
  type RoutedShare,
} from "../../../server/gateway/route-answer.js";

const TOPIC = { resourceNamespace: "shop", name: "orders" };

describe("a route", () => {
  it("has each queue of each broker, in their order", () => {
    const queues = messageQueues(TOPIC, [share("b", { queues: 2 }), share("a", { queues: 1 })]);
    expect(queues.map(({ broker, id }) => `${broker?.name}/${id}`)).to.deep.equal(["b/0", "b/1", "a/0"]);
  });

  it("names the topic as it was asked for, and where its brokers are", () => {
    const [queue] = messageQueues(TOPIC, [share("a", { name: "shop%orders" })]);
    expect(queue).to.deep.include({ topic: TOPIC, permission: 4, acceptMessageTypes: [1] });
    expect(queue?.broker).to.deep.equal({ name: "a", id: 0, endpoints: endpointsOf("a:8081") });
  });

  it("is empty where no broker has the topic, or none of its queues", () => {
    expect(messageQueues(TOPIC, [])).to.deep.equal([]);
    expect(messageQueues(TOPIC, [share("a", { queues: 0 })])).to.deep.equal([]);
    expect(brokerQueues(TOPIC, [])).to.deep.equal([]);
  });

  it("says what may be done with a queue", () => {
    for (const [permission, told, readable] of [
      [0, 4, true],
      [1, 2, true],
      [2, 3, false],
      [3, 1, false],
    ] as const) {
      expect(messageQueues(TOPIC, [share("a", { permission })])[0]?.permission).to.equal(told);
      expect(isReadable(share("a", { permission }).topic)).to.equal(readable);
    }
  });

  it("says which messages a topic takes", () => {
    for (const [type, accepted] of [
      [0, [1]],
      [1, [1]],
      [2, [2]],
      [3, [3]],
      [4, [4]],
      [5, [1, 2, 3, 4]],
    ] as const)
      expect(messageQueues(TOPIC, [share("a", { type })])[0]?.acceptMessageTypes).to.deep.equal(accepted);
  });

  it("has a list of its own for each queue", () => {
    const [first, second] = messageQueues(TOPIC, [share("a", { queues: 2, type: 5 })]);
    first!.acceptMessageTypes!.pop();
    expect(second!.acceptMessageTypes).to.deep.equal([1, 2, 3, 4]);
  });

  it("has one queue of each broker that stands for all of them", () => {
    const queues = brokerQueues(TOPIC, [share("b", { queues: 8 }), share("a", { permission: 1, type: 3 })]);
    expect(queues.map(({ broker, id }) => `${broker?.name}/${id}`)).to.deep.equal(["b/-1", "a/-1"]);
    expect(queues[1]).to.deep.include({ topic: TOPIC, permission: 2, acceptMessageTypes: [3] });
  });
});

describe("endpoints", () => {
  it("are told apart by how their host is written", () => {
    for (const [address, scheme, host, port] of [
      ["10.0.0.5:8081", 1, "10.0.0.5", 8_081],
      ["255.255.255.255:0", 1, "255.255.255.255", 0],
      ["[::1]:65535", 2, "::1", 65_535],
      ["[fe80::1]:8081", 2, "fe80::1", 8_081],
      ["localhost:8081", 3, "localhost", 8_081],
      ["broker-1.example.com:1", 3, "broker-1.example.com", 1],
      ["1.2.3.4.example:1", 3, "1.2.3.4.example", 1],
      ["1.2.3:1", 3, "1.2.3", 1],
    ] as const)
      expect(endpointsOf(address), address).to.deep.equal({ scheme, addresses: [{ host, port }] });
  });

  it("are none of an address that is none", () => {
    for (const address of ["", "localhost", "localhost:65536", "::1:80", ":80"])
      expect(() => endpointsOf(address), address).to.throw(LogwheelError);
  });
});

function share(broker: string, more: Partial<Topic__Output> = {}): RoutedShare {
  const topic: Topic__Output = {
    name: "orders",
    queues: 1,
    type: 0,
    permission: 0,
    retentionMs: 0,
    attributes: {},
    ttlMs: 0,
    expired: 0,
    ...more,
  };
  return { broker, endpoints: endpointsOf(`${broker}:8081`), topic };
}
