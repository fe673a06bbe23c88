import { expect } from "chai";
import { movedGroup } from "../../../server/broker/moved-group.js";
import { HEADER_BYTES } from "../../../server/store/record.js";

describe("messages that are moved with their cursor", () => {
  const always = (): boolean => true;
  const kilobytes = (count: number): number[] => Array.from({ length: count }, () => 1 << 10);

  it("are as many as fit a mebibyte, whatever the cursor takes", () => {
    const few = movedGroup(kilobytes(64), 0, always);
    expect(few.count).to.equal(64);
    expect(few.bytes).to.be.above(64 * (HEADER_BYTES + 1_024));
    expect(movedGroup(kilobytes(2_000), 0, always).count).to.be.within(900, 1_024);
    expect(movedGroup(kilobytes(64), 16_384, always).count).to.equal(64);
  });

  it("are one at least, even where that does not fit: the caller says so", () => {
    expect(movedGroup([8 << 20, 10], 0, always).count).to.equal(1);
    expect(movedGroup(kilobytes(3), 0, () => false).count).to.equal(1);
    expect(movedGroup([], 0, always).count).to.equal(0);
  });

  it("are no more than fit the log beside the cursor", () => {
    const room = movedGroup([], 100, always).bytes + 10 * (HEADER_BYTES + 1_024 + 64);
    const { count, bytes } = movedGroup(kilobytes(10), 100, (asked) => asked <= room - 2_000);
    expect(count).to.be.within(7, 9);
    expect(bytes).to.be.at.most(room - 2_000);
  });
});
