import { expect } from "chai";
import { despiteDeadlocks } from "../../../client/outbox/deadlock.js";

/** Fails so many times with a code, then gives its result; counts its calls. */
function failing(times: number, code: string): { run: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const run = async (): Promise<string> => {
    if (++calls <= times) throw Object.assign(new Error("refused"), { code });
    return "done";
  };
  return { run, calls: () => calls };
}

describe("statements that a database ended for a deadlock", () => {
  for (const code of ["40P01", "40001", "ER_LOCK_DEADLOCK"])
    it(`are run again (${code}), but not for ever`, async () => {
      const twice = failing(2, code);
      expect(await despiteDeadlocks(twice.run)).to.equal("done");
      expect(twice.calls()).to.equal(3);
      const always = failing(Number.POSITIVE_INFINITY, code);
      const thrown = await despiteDeadlocks(always.run).catch((error: Error) => error);
      expect(thrown).to.be.instanceOf(Error);
      expect(always.calls()).to.equal(8);
    });

  it("are not run again for anything else", async () => {
    const other = failing(1, "23505");
    expect(await despiteDeadlocks(other.run).catch((error: Error) => error.message)).to.equal("refused");
    expect(other.calls()).to.equal(1);
  });
});
