import { expect } from "chai";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { loadThroughKills } from "../support/rocketmq-load.js";
import { RocketmqProcess } from "../support/rocketmq-process.js";
import { figure } from "../support/seeds.js";

const MESSAGES = figure(200_000, 1_000_000);
/** Kills, evenly spread over the load. */
const KILLS = 10;

describe("RocketMQ's own client for Node, and a broker that is killed again and again", function () {
  this.timeout(0);
  let cluster: RocketmqCluster;

  before(async () => {
    cluster = await RocketmqCluster.start();
    await cluster.client.admin.topics.create("loaded", { queues: 4, type: "normal" });
  });
  after(async () => {
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  it("loses nothing that a producer was told is stored, and its push consumer gets all of it", async () => {
    const killsAt = Array.from({ length: KILLS }, (_, kill) => (MESSAGES / (KILLS + 1)) * (kill + 1));
    const load = { topic: "loaded", group: "loaded", messages: MESSAGES, killsAt, boundMs: 3_600_000 };
    expect(await loadThroughKills(cluster, load)).to.be.at.least(MESSAGES);
  });
});
