import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BrokerLoad, loadedBroker } from "../support/broker-load.js";
import { figure } from "../support/seeds.js";
import { ServerProcess } from "../support/server-process.js";

const ROUNDS = figure(200, 5_000);

describe("broker process that is killed", function () {
  this.timeout(0);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-kill-"));
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await BrokerLoad.stopAll();
    await rm(folder, { recursive: true });
  });

  for (const flush of ["sync", "async"])
    it(`T1: keeps what it acknowledged over a kill at any moment under load, with ${flush} flush (A3-06, A6-05)`, async () => {
      const random = seeded(flush.length);
      const load = new BrokerLoad(random);
      const args = loadedBroker(join(folder, "data"), flush);
      for (let round = 1; round <= ROUNDS / 2; round++) {
        const broker = await ServerProcess.start(args);
        if (round === 1) await load.furnish(broker.address());
        expect(await load.verify(broker.address()), `lost in round ${round}`).to.deep.equal([]);
        load.start(broker.address());
        await systemClock.sleep(50 + random() * 300);
        await broker.kill();
        await load.stop();
      }
      const broker = await ServerProcess.start(args);
      load.start(broker.address());
      await load.drain();
      await load.verifyAll(broker.address());
      expect(load.ackedCount).to.be.greaterThan(ROUNDS * 20);
      expect((await broker.stop()).code).to.equal(0);
    });
});
