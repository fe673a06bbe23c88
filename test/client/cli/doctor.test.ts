import { expect } from "chai";
import { diagnose } from "../../../client/cli/doctor.js";
import type { BrokerDescription, ClusterDescription } from "../../../client/sdk/admin-types.js";

const broker: BrokerDescription = {
  name: "a",
  address: "10.0.0.5:10911",
  version: "0.1.0",
  epoch: 1,
  flush: "sync",
  autoCreate: false,
  startedAt: new Date(0),
  state: "serving",
  logStart: 0,
  logEnd: 0,
  logDurable: 0,
  segments: 1,
  diskBytes: 1,
  diskFreeBytes: 2 ** 40,
  memoryBytes: 1,
  topics: 0,
  groups: 0,
  connections: 0,
  nodeVersion: "v20.20.2",
  nameServers: [{ address: "10.0.0.3:9876", connected: true }],
};
const cluster: ClusterDescription = {
  nameServers: [{ address: "10.0.0.3:9876", reachable: true }],
  brokers: [broker],
  unreachable: [],
};

describe("doctor", () => {
  it("finds nothing wrong with a cluster that works", () => {
    expect(diagnose(cluster)).to.deep.equal([
      { level: "ok", where: "cluster", sentence: "nothing wrong was found" },
    ]);
  });

  const ills: [what: string, parts: Partial<ClusterDescription>, level: string, sentence: string][] = [
    [
      "a name server that is down",
      { nameServers: [{ address: "10.0.0.4:9876", reachable: false }] },
      "problem",
      "does not answer",
    ],
    ["no broker", { brokers: [] }, "problem", "no broker is registered"],
    [
      "a broker that cannot be reached where it says it is",
      { unreachable: [{ name: "b", address: "b:1", code: "BROKER_UNAVAILABLE", message: "refused" }] },
      "problem",
      "set its --advertise",
    ],
    ["a broker that has failed", { brokers: [{ ...broker, state: "failed" }] }, "problem", "it is failed"],
    [
      "a broker advertised as loopback",
      { brokers: [{ ...broker, address: "127.0.0.1:10911" }] },
      "warning",
      "other machines cannot reach",
    ],
    ["a full disk", { brokers: [{ ...broker, diskFreeBytes: 1e6 }] }, "warning", "are free"],
    [
      "a broker that one name server does not know",
      { brokers: [{ ...broker, nameServers: [{ address: "x:1", connected: false }] }] },
      "warning",
      "not registered with the name server x:1",
    ],
    [
      "two versions",
      { brokers: [broker, { ...broker, name: "b", version: "0.2.0" }] },
      "warning",
      "0.1.0, 0.2.0",
    ],
  ];
  for (const [what, parts, level, sentence] of ills) {
    it(`finds ${what}`, () => {
      const findings = diagnose({ ...cluster, ...parts });
      expect(findings).to.have.length(1);
      expect(findings[0]?.level).to.equal(level);
      expect(findings[0]?.sentence).to.include(sentence);
    });
  }
});
