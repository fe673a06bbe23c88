import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { Admission, type AdmissionDeps } from "../../../server/broker/admission.js";
import { Shedding } from "../../../server/broker/shedding.js";
import type { Store } from "../../../server/store/store.js";

/** As much of a log as admission looks at. */
class Log {
  unsettledBytes = 0;
  behind = false;
  failure: LogwheelError | undefined;
  visible: () => void = () => {};

  onVisible(run: () => void): () => void {
    this.visible = run;
    return () => {};
  }
}

function fixture(more: Partial<AdmissionDeps> = {}): { admission: Admission; log: Log; shedding: Shedding } {
  const log = new Log();
  const shedding = new Shedding(100);
  const admission = new Admission({
    store: log as unknown as Store,
    acceptedBytesMax: 1_000,
    diskRefusal: () => undefined,
    shedding,
    random: seeded(1),
    ...more,
  });
  return { admission, log, shedding };
}

describe("admission", () => {
  it("is shut from so many unanswered bytes on, and opens for who waits when the log has caught up (O1)", () => {
    const { admission, log } = fixture();
    let opened = 0;
    log.unsettledBytes = 999;
    expect(admission.open).to.equal(true);
    log.unsettledBytes = 1_000;
    expect(admission.open).to.equal(false);
    admission.whenOpen(() => opened++);
    log.visible();
    expect(opened).to.equal(0);
    log.unsettledBytes = 999;
    log.visible();
    log.visible();
    expect(opened).to.equal(1);
    expect(admission.busy).to.include({ code: "THROTTLED", sent: "no" });
    expect(admission.busy.details.retryAfterMs).to.be.above(0);
  });

  it("refuses as large a share of the sends as is to be shed, and says when to come again (O5)", () => {
    const { admission, shedding } = fixture();
    const refused = (): number => {
      const refusals = Array.from({ length: 1_000 }, () => admission.refusal()).filter(
        (refusal) => refusal !== undefined,
      );
      for (const refusal of refusals) {
        expect(refusal).to.include({ code: "THROTTLED", sent: "no" });
        expect(refusal.details.retryAfterMs).to.be.above(0);
      }
      return refusals.length;
    };
    expect(refused()).to.equal(0);
    shedding.second(300);
    expect(refused()).to.be.within(80, 120);
    shedding.second(300);
    expect(refused()).to.be.within(450, 550);
    shedding.second(300);
    expect(refused()).to.equal(1_000);
  });

  it("tells a failed log, a stop and a full disk before anything else, and counts by reason", () => {
    const full = new LogwheelError("DISK_FULL", "full");
    const { admission, log, shedding } = fixture({ diskRefusal: () => full });
    for (let second = 0; second < 3; second++) shedding.second(300);
    expect(admission.refusal()?.code).to.equal("DISK_FULL");
    admission.stop();
    expect(admission.refusal()?.code).to.equal("BROKER_STOPPING");
    log.failure = new LogwheelError("STORE_FAILED", "failed");
    expect(admission.refusal()).to.include({ code: "STORE_FAILED", sent: "no" });
    expect(Object.fromEntries(admission.refused)).to.deep.equal({
      DISK_FULL: 1,
      BROKER_STOPPING: 1,
      STORE_FAILED: 1,
    });
  });
});
