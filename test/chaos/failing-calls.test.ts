import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { BrokerLoad, loadedBroker } from "../support/broker-load.js";
import { type DiskFault, DiskFaults } from "../support/disk-faults.js";
import { figure } from "../support/seeds.js";
import { ServerProcess } from "../support/server-process.js";
import { skip } from "../support/skip.js";
import { until } from "../support/until.js";

const FAILURES = figure(60, 600);

/** Calls that fail, and up to which one: those that come with each batch, and those that come with each segment. */
const CALLS: readonly (readonly [DiskFault["call"], number])[] = [
  ["write", 20],
  ["short", 20],
  ["sync", 8],
  ["syncNames", 2],
  ["resize", 1],
  ["rename", 3],
  ["open", 2],
];
/** Calls of a start. */
const START_CALLS: readonly (readonly [DiskFault["call"], number])[] = [
  ["read", 8],
  ["write", 4],
  ["sync", 4],
  ["open", 6],
];
const CODES = ["EIO", "ENOSPC", "EROFS", "EMFILE"] as const;
/** Files that tell what is stored. */
const LOG = /\/(\d{20}\.log|checkpoint)$/;

/** Whether nobody knows what is on the disk after it. */
function doubtful({ call, forever }: DiskFault, file: string): boolean {
  return LOG.test(file) && (call === "write" || call === "sync" || (call === "short" && forever));
}

function faultOf(random: () => number, calls: typeof CALLS): DiskFault {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const [call, last] = pick(calls);
  return { call, code: pick(CODES), at: 1 + Math.floor(random() * last), forever: random() < 0.5 };
}

describe("broker process whose disk fails", function () {
  this.timeout(0);
  let folder: string;
  let data: string;
  let faults: DiskFaults;
  let random: () => number;
  let load: BrokerLoad;

  before(async function () {
    const impossible = await DiskFaults.impossible();
    if (impossible !== null) skip(this, impossible);
    folder = await mkdtemp(join(tmpdir(), "logwheel-faults-"));
    faults = await DiskFaults.make(folder);
  });
  beforeEach(async () => {
    data = await mkdtemp(join(folder, "data-"));
    random = seeded(6);
    load = new BrokerLoad(random);
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await BrokerLoad.stopAll();
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  function args(flush: string): string[] {
    return loadedBroker(data, flush, { "segment-bytes": "1MiB" });
  }

  /** Lets a call of a loaded broker fail: it ends if the log is in doubt, and otherwise goes on, or ends. */
  async function failUnderLoad(broker: ServerProcess, fault: DiskFault): Promise<void> {
    let ended = false;
    const end = broker.ended.then((how) => {
      ended = true;
      return how;
    });
    load.start(broker.address());
    await faults.arm();
    const hit = await until("the call fails", () => faults.hit(), 30_000);
    const acked = load.ackedCount;
    if (doubtful(fault, hit)) await until("it ends", () => ended);
    else await until("it goes on, or ends", () => ended || load.ackedCount > acked + 200);
    if (ended) {
      expect((await end).code, broker.stderr).to.equal(1);
      expect(broker.stderr).to.match(/^logwheel: writing the commit log failed: .*\[STORE_FAILED\]$/m);
    }
    await broker.kill();
    await load.stop();
    expect(await faults.again(), "synced again after a failed sync").to.deep.equal([]);
  }

  /** Lets a call of a start fail: it says so and ends, or serves. */
  async function failAtStart(flush: string, fault: DiskFault): Promise<void> {
    const environment = await faults.environment(data, fault);
    await faults.arm();
    const refusal = await ServerProcess.start(args(flush), environment).then(
      (broker) => broker.kill().then(() => null),
      (thrown: Error) => thrown.message,
    );
    if (refusal !== null)
      expect(refusal, "a sentence that names the error, and no stack")
        .to.match(new RegExp(`^(it did not start: )?logwheel: .*${fault.code}`, "m"))
        .and.not.match(/^\s+at /m);
    expect(await faults.again(), "synced again after a failed sync").to.deep.equal([]);
  }

  for (const flush of ["sync", "async"])
    it(`T6: keeps what it acknowledged whichever call fails, and ends when its log is in doubt, with ${flush} flush`, async () => {
      for (let failure = 1; failure <= FAILURES / 2; failure++) {
        if (failure % 5 === 0) await failAtStart(flush, faultOf(random, START_CALLS));
        const fault = faultOf(random, CALLS);
        const broker = await ServerProcess.start(args(flush), await faults.environment(data, fault));
        if (failure === 1) await load.furnish(broker.address());
        const what = `${JSON.stringify(fault)}, failure ${failure}`;
        expect(await load.verify(broker.address()), `lost before ${what}`).to.deep.equal([]);
        await failUnderLoad(broker, fault).catch((thrown: Error) => {
          thrown.message = `${what}: ${thrown.message}`;
          throw thrown;
        });
      }
      const broker = await ServerProcess.start(args(flush));
      load.start(broker.address());
      await load.drain();
      await load.verifyAll(broker.address());
      expect((await broker.stop()).code).to.equal(0);
    });
});
