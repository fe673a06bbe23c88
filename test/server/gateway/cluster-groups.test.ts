import { expect } from "chai";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BrokerChannels } from "../../../server/gateway/brokers.js";
import { ClusterGroups } from "../../../server/gateway/cluster-groups.js";
import { NameServers } from "../../../server/gateway/name-servers.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const UNMADE = { ordered: false, maxAttempts: 5, retryDelaysMs: [7] };
const SETTINGS = { name: "g", ordered: true, maxAttempts: 3, assign: 0, paused: false } as const;

describe("rules of groups in a cluster", () => {
  let cluster: MemoryCluster;
  let groups: ClusterGroups;

  beforeEach(async () => {
    cluster = await MemoryCluster.start(["a", "b"]);
    const { clock, network } = cluster;
    const nameServers = new NameServers([network.connect("names:9876")]);
    groups = new ClusterGroups({
      clock,
      nameServers,
      brokers: new BrokerChannels(network.connect),
      unmade: UNMADE,
    });
  });
  afterEach(() => cluster.close());

  const create = (broker: string, more: object = {}) =>
    cluster.advance(
      cluster.network
        .connect(`${broker}:10911`)
        .unary(ADMIN.createGroup, { group: { ...SETTINGS, ...more } }, { timeoutMs: 1_000 }),
    );
  const rules = (name: string) => cluster.advance(groups.rules(name));
  const failure = (name: string) => rules(name).catch((thrown: Error) => thrown);

  it("are those of whichever broker has the group", async () => {
    await create("b", { retryDelaysMs: [100, 200] });
    expect(await rules("g")).to.deep.equal({ ordered: true, maxAttempts: 3, retryDelaysMs: [100, 200] });
  });

  it("have the usual waits where the group has none of its own", async () => {
    await create("a");
    expect(await rules("g")).to.deep.equal({ ordered: true, maxAttempts: 3, retryDelaysMs: [7] });
  });

  it("are those of a new group where nobody has made it, and change when somebody does", async () => {
    expect(await rules("g")).to.deep.equal(UNMADE);
    await create("a");
    await cluster.clock.advance(2_000);
    expect(await rules("g")).to.include({ ordered: true });
  });

  it("make no group", async () => {
    await rules("g");
    expect([...(await groupsOf("a")), ...(await groupsOf("b"))]).to.deep.equal([]);
  });

  it("are not guessed while a broker that might have the group cannot be asked", async () => {
    await create("b");
    cluster.network.cut("b:10911");
    expect(await failure("g")).to.have.property("code", "BROKER_UNAVAILABLE");
    cluster.network.heal("b:10911");
    expect(await rules("g")).to.include({ ordered: true });
    cluster.network.cut("b:10911");
    await cluster.clock.advance(2_000);
    expect(await rules("g")).to.include({ ordered: true });
    cluster.network.heal("b:10911");
  });

  it("are what they were while no name server answers", async () => {
    await create("a");
    await rules("g");
    cluster.network.cut("names:9876");
    await cluster.clock.advance(2_000);
    expect(await rules("g")).to.include({ ordered: true });
    expect(await failure("other")).to.have.property("code", "BROKER_UNAVAILABLE");
    cluster.network.heal("names:9876");
  });

  async function groupsOf(broker: string): Promise<string[]> {
    const channel = cluster.network.connect(`${broker}:10911`);
    const { groups: all } = await cluster.advance(channel.unary(ADMIN.listGroups, {}, { timeoutMs: 1_000 }));
    return all.flatMap(({ group }) => group?.name ?? []);
  }
});
