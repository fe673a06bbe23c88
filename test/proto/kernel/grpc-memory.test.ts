import { expect } from "chai";
import { HeldBytes, type Holder } from "../../../proto/kernel/grpc-memory.js";

class FakeConnection implements Holder {
  heldBytes = 0;
  destroyed = false;
  held: HeldBytes | undefined;

  hold(bytes: number): void {
    this.heldBytes += bytes;
    this.held!.add(bytes);
  }

  shed(): void {
    this.destroyed = true;
    this.hold(-this.heldBytes);
  }
}

describe("held bytes", () => {
  function fixture(bytesMax: number, count: number) {
    const all = Array.from({ length: count }, () => new FakeConnection());
    const held = new HeldBytes(bytesMax, () => all.filter(({ destroyed }) => !destroyed));
    for (const each of all) each.held = held;
    return { held, all };
  }

  it("close the connection that has most when they are too many, and no other", () => {
    const { held, all } = fixture(350, 3);
    const [a, b, c] = all as [FakeConnection, FakeConnection, FakeConnection];
    a.hold(100);
    b.hold(200);
    expect(held.total).to.equal(300);
    c.hold(100);
    expect(all.map(({ destroyed }) => destroyed)).to.deep.equal([false, true, false]);
    expect(held.total).to.equal(200);
  });

  it("close as many as it takes, and never one for what is given back", () => {
    const { held, all } = fixture(350, 3);
    const [a, b, c] = all as [FakeConnection, FakeConnection, FakeConnection];
    a.hold(150);
    b.hold(150);
    c.hold(340);
    expect(all.map(({ destroyed }) => destroyed)).to.deep.equal([false, false, true]);
    b.hold(-50);
    expect(held.total).to.equal(250);
  });
});
