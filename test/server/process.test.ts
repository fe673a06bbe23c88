import { expect } from "chai";
import { settle, TestClock } from "../../client/testing/test-clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { type ProcessContext, type ProcessPort, type Running, runRole } from "../../server/process.js";

/** Something that is settled by the test. */
class Gate<T> {
  resolve!: (value: T) => void;
  reject!: (thrown: unknown) => void;
  readonly opened = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

describe("role of a process", () => {
  let clock: TestClock;
  let lines: string[];
  let signal: () => void;
  let flushed: number;
  let stopped: Gate<void>;
  let failed: Gate<LogwheelError>;
  let stops: number;

  beforeEach(() => {
    clock = new TestClock();
    lines = [];
    flushed = 0;
    stops = 0;
    stopped = new Gate();
    failed = new Gate();
  });

  const role = async (): Promise<Running> => ({
    ready: "broker a ready at h:1",
    address: "h:1",
    failed: failed.opened,
    stop: () => {
      stops++;
      return stopped.opened;
    },
  });

  function run(start: () => Promise<Running> = role): Promise<number> {
    const port: ProcessPort = {
      out: (line) => lines.push(`out: ${line}`),
      err: (line) => lines.push(`err: ${line}`),
      onSignal(listener) {
        signal = listener;
        return () => {
          signal = () => {};
        };
      },
    };
    const logger = { ...silentLogger, flush: () => flushed++ };
    const context: ProcessContext = { clock, random: () => 0, logger };
    return runRole(start, context, port, 30_000);
  }

  it("says one line when it is ready, and ends with 0 after a signal and a graceful stop", async () => {
    const code = run();
    await settle();
    expect(lines).to.deep.equal(["out: broker a ready at h:1"]);
    signal();
    await settle();
    expect(stops).to.equal(1);
    stopped.resolve();
    expect(await code).to.equal(0);
    expect(flushed).to.equal(1);
    expect(lines).to.have.length(1);
  });

  it("leaves what keeps it from starting to its caller, after the log is written out", async () => {
    const reason = new LogwheelError("CONFLICT", "127.0.0.1:1 is in use");
    const thrown = await run(() => Promise.reject(reason)).catch((error: unknown) => error);
    expect(thrown).to.equal(reason);
    expect(flushed).to.equal(1);
    expect(lines).to.deep.equal([]);
  });

  it("ends with 1 and one line when it cannot stop, without a stack", async () => {
    const code = run();
    await settle();
    signal();
    stopped.reject(new LogwheelError("STORE_FAILED", "the disk did not take\n  a write"));
    expect(await code).to.equal(1);
    expect(lines.at(-1)).to.equal("err: logwheel: the disk did not take a write [STORE_FAILED]");
  });

  it("ends with 1 at a second signal, though the stop goes on", async () => {
    const code = run();
    await settle();
    signal();
    signal();
    expect(await code).to.equal(1);
    expect(lines.at(-1)).to.equal("err: logwheel: a second signal came: stopped at once");
  });

  it("ends with 1 when the stop takes longer than it may", async () => {
    const code = run();
    await settle();
    signal();
    await clock.advance(29_999);
    expect(lines).to.have.length(1);
    await clock.advance(1);
    expect(await code).to.equal(1);
    expect(lines.at(-1)).to.include("could not stop gracefully within 30000 ms");
  });

  it("stops and ends with 1 and the reason when it fails by itself", async () => {
    const code = run();
    await settle();
    failed.resolve(new LogwheelError("STORE_FAILED", "the disk did not take a write"));
    await settle();
    expect(stops).to.equal(1);
    stopped.resolve();
    expect(await code).to.equal(1);
    expect(lines.at(-1)).to.equal("err: logwheel: the disk did not take a write [STORE_FAILED]");
  });

  it("stops at once after its start when the signal came during it", async () => {
    const started = new Gate<Running>();
    const code = run(() => started.opened);
    signal();
    started.resolve(await role());
    stopped.resolve();
    expect(await code).to.equal(0);
    expect(stops).to.equal(1);
  });
});
