import { join } from "node:path";
import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BrokerLoad, loadedBroker, type Place } from "../support/broker-load.js";
import { PowerSwitch } from "../support/power-switch.js";
import { figure } from "../support/seeds.js";
import { ServerProcess } from "../support/server-process.js";
import { skip } from "../support/skip.js";

const ROUNDS = figure(60, 2_000);
const CONTROL_ROUNDS = 10;

describe("broker whose machine loses power", function () {
  this.timeout(0);
  let disk: PowerSwitch;

  before(async function () {
    const impossible = await PowerSwitch.impossible();
    if (impossible !== null) skip(this, impossible);
  });
  beforeEach(async () => {
    disk = await PowerSwitch.open();
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await BrokerLoad.stopAll();
    await disk?.close();
  });

  /** Loads a broker, cuts the power, restarts; hands over what was acknowledged and is gone, after each round. */
  async function rounds(
    { flush, count, seed }: { flush: string; count: number; seed: number },
    onLost: (lost: readonly Place[], load: BrokerLoad, round: number) => unknown,
    environment: Record<string, string> = {},
  ): Promise<{ load: BrokerLoad; address: string }> {
    const random = seeded(seed);
    const load = new BrokerLoad(random);
    const args = loadedBroker(join(disk.path, "data"), flush);
    for (let round = 0; ; round++) {
      const broker = await ServerProcess.start(args, environment);
      const address = broker.address();
      if (round === 0) await load.furnish(address);
      const lost = await load.verify(address, { cursorsMayFall: true });
      if (onLost(lost, load, round) === false || round === count) return { load, address };
      load.start(address);
      await systemClock.sleep(100 + random() * 400);
      /**
       * A machine without power answers nobody. This one goes on for a moment, and what it says of a sync that was under way
       * when its journal was cut off is not always true.
       */
      load.deaf = true;
      await disk.cut();
      await broker.kill();
      await load.stop();
      await disk.reboot();
    }
  }

  it("T2: loses nothing that it flushed before it acknowledged (A6-01, A6-02)", async () => {
    const { load, address } = await rounds(
      { flush: "sync", count: ROUNDS / 2, seed: 2 },
      (lost, _load, round) => {
        expect(lost, `acknowledged and lost in round ${round}`).to.deep.equal([]);
      },
    );
    load.start(address);
    await load.drain();
    await load.verifyAll(address);
    expect(load.ackedCount).to.be.greaterThan(ROUNDS * 20);
  });

  it("T2: loses no more than the end of what it had written with async flush, and takes it for no damage", async () => {
    let lostInAll = 0;
    const { load, address } = await rounds({ flush: "async", count: ROUNDS / 2, seed: 3 }, (lost, each) => {
      lostInAll += each.giveUpEnd(lost);
    });
    load.start(address);
    await load.drain();
    await load.verifyAll(address);
    expect(lostInAll, "a power cut that takes nothing tests nothing").to.be.greaterThan(0);
  });

  it("T2, control: finds out a broker that does not sync", async () => {
    const preload = new URL("../support/no-sync.js", import.meta.url).href;
    const found = await rounds(
      { flush: "sync", count: CONTROL_ROUNDS, seed: 4 },
      (lost) => lost.length === 0,
      { NODE_OPTIONS: `--import ${preload}` },
    ).then(
      ({ load, address }) => load.verify(address),
      (refusal: Error) => refusal.message,
    );
    expect(found).not.to.deep.equal([]);
  });
});
