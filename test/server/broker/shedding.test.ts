import { expect } from "chai";
import { Shedding } from "../../../server/broker/shedding.js";

/** The share that is shed after each of these seconds. */
function shares(...lagsMs: number[]): number[] {
  const shedding = new Shedding(100);
  return lagsMs.map((lagMs) => {
    shedding.second(lagMs);
    return shedding.share;
  });
}

describe("shedding", () => {
  it("takes a tenth after one late second, half after the next, and everything only when it lasts (O5)", () => {
    expect(new Shedding(100).share).to.equal(0);
    expect(shares(101, 101, 101, 101)).to.deep.equal([0.1, 0.5, 1, 1]);
  });

  it("is over a second after a pause, and goes back as it came after a long time (O5)", () => {
    expect(shares(300, 100, 0)).to.deep.equal([0.1, 0, 0]);
    expect(shares(5_000, 5_000, 5_000, 0, 0, 0, 0)).to.deep.equal([0.1, 0.5, 1, 0.5, 0.1, 0, 0]);
  });
});
