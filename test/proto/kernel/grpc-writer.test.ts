import { Writable } from "node:stream";
import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { GrpcWriter, MESSAGE_COST, WriteBudget } from "../../../proto/kernel/grpc-writer.js";

/** A stream that takes one chunk for each `take`. */
function slow(): { readonly out: Writable; take(): void } {
  const waiting: (() => void)[] = [];
  const out = new Writable({ objectMode: true, write: (_chunk, _encoding, done) => void waiting.push(done) });
  return { out, take: () => waiting.shift()?.() };
}

describe("GrpcWriter", () => {
  it("counts bytes, not messages, and drains at half", async () => {
    const { out, take } = slow();
    const happened: string[] = [];
    const writer = new GrpcWriter(out, new WriteBudget(), {
      drain: () => happened.push("drain"),
      blocked: (blocked) => happened.push(`blocked ${blocked}`),
      progress: () => happened.push("progress"),
    });
    const quarter = Buffer.alloc((256 << 10) - MESSAGE_COST);
    for (let i = 0; i < 3; i++) expect(writer.write(quarter)).to.equal(true);
    expect(writer.write(quarter)).to.equal(false);
    expect(writer.write(quarter)).to.equal(false);
    expect(happened).to.deep.equal(["blocked true"]);
    for (let i = 0; i < 2; i++) {
      take();
      await settle();
    }
    expect(happened).to.deep.equal(["blocked true", "progress", "progress"]);
    take();
    await settle();
    expect(happened.slice(3)).to.deep.equal(["progress", "blocked false", "drain"]);
    expect(writer.write(Buffer.alloc(1))).to.equal(true);
  });

  it("lets thousands of small messages wait, and not any number of them", () => {
    const { out } = slow();
    const writer = new GrpcWriter(out, new WriteBudget(), {
      drain() {},
      blocked() {},
      progress() {},
    });
    for (let i = 0; i < 2_500; i++) expect(writer.write(Buffer.alloc(100))).to.equal(true);
    let more = 0;
    while (writer.write(Buffer.alloc(0))) more++;
    expect(more).to.be.below(2_500);
  });

  it("gives each stream less while all together have much waiting, until that has gone", async () => {
    const budget = new WriteBudget();
    const quiet = { drain() {}, blocked() {}, progress() {} };
    const dead = Array.from({ length: 64 }, () => new GrpcWriter(slow().out, budget, quiet));
    for (const writer of dead) expect(writer.write(Buffer.alloc((1 << 20) + 1))).to.equal(false);
    const { out, take } = slow();
    let drained = 0;
    const writer = new GrpcWriter(out, budget, { ...quiet, drain: () => drained++ });
    expect(writer.write(Buffer.alloc(60 << 10))).to.equal(true);
    expect(writer.write(Buffer.alloc(60 << 10))).to.equal(false);
    for (const closed of dead) closed.close();
    expect(budget.queuedBytes).to.equal((120 << 10) + 2 * MESSAGE_COST);
    take();
    await settle();
    expect(drained).to.equal(1);
    expect(writer.write(Buffer.alloc(500 << 10))).to.equal(true);
  });

  it("goes past the library once nothing waits there, in whole frames", async () => {
    const quiet = { drain() {}, blocked() {}, progress() {} };
    const library = slow();
    const writer = new GrpcWriter(library.out, new WriteBudget(), quiet);
    const frames: Buffer[] = [];
    const http2 = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        frames.push(Buffer.from(chunk));
        done();
      },
    });
    writer.write(Buffer.from("first"));
    expect(writer.goPast(http2)).to.equal(false);
    library.take();
    await settle();
    expect(writer.goPast(http2)).to.equal(true);
    writer.write(Buffer.from("second"));
    await settle();
    expect(frames.map((frame) => frame.toString("latin1"))).to.deep.equal(["\0\0\0\0\x06second"]);
  });
});
