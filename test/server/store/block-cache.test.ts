import { expect } from "chai";
import { BlockCache, type BlockSource } from "../../../server/store/block-cache.js";
import { codeOf } from "../../contract/files.js";

/** A source whose reads end when the test says so. */
class HeldSource implements BlockSource {
  readonly waiting: { number: number; end: (block: Buffer) => void; fail: (error: Error) => void }[] = [];
  reads = 0;

  readBlock(number: number): Promise<Buffer> {
    this.reads += 1;
    return new Promise((end, fail) => this.waiting.push({ number, end, fail }));
  }
}

/** A source with blocks of 10 bytes. */
class Source implements BlockSource {
  reads: number[] = [];

  async readBlock(number: number): Promise<Buffer> {
    this.reads.push(number);
    return Buffer.alloc(10, number);
  }
}

describe("BlockCache", () => {
  it("reads a block once, then has it at once", async () => {
    const cache = new BlockCache(100);
    const source = new Source();
    const block = await cache.get(source, 3);
    expect(block[0]).to.equal(3);
    expect(cache.get(source, 3)).to.equal(block);
    expect(source.reads).to.deep.equal([3]);
    expect(cache.bytes).to.equal(10);
  });

  it("shares a read among all who ask meanwhile", async () => {
    const cache = new BlockCache(100);
    const source = new HeldSource();
    const [first, second] = [cache.get(source, 0), cache.get(source, 0)];
    source.waiting[0]!.end(Buffer.alloc(5));
    expect(await first).to.equal(await second);
    expect(source.reads).to.equal(1);
  });

  it("keeps the blocks used last, and never more bytes than it may", async () => {
    const cache = new BlockCache(30);
    const source = new Source();
    for (const number of [0, 1, 2, 0, 3]) await cache.get(source, number);
    expect(cache.bytes).to.equal(30);
    for (const number of [0, 2, 3]) expect(cache.get(source, number)).to.be.instanceOf(Buffer);
    expect(cache.get(source, 1)).to.be.instanceOf(Promise);
  });

  it("tells what is here from what is on its way, and does not begin to load it", async () => {
    const cache = new BlockCache(100);
    const source = new HeldSource();
    expect([cache.find(source, 0), cache.has(source, 0), cache.loading]).to.deep.equal([undefined, false, 0]);
    expect(source.reads).to.equal(0);
    const load = cache.get(source, 0);
    expect([cache.find(source, 0), cache.has(source, 0), cache.loading]).to.deep.equal([undefined, true, 1]);
    source.waiting[0]!.end(Buffer.alloc(5));
    const block = await load;
    expect([cache.find(source, 0), cache.has(source, 0), cache.loading]).to.deep.equal([block, true, 0]);
    const failing = cache.get(source, 1) as Promise<Buffer>;
    source.waiting[1]!.fail(Object.assign(new Error("EIO"), { code: "EIO" }));
    expect(await codeOf(failing)).to.equal("EIO");
    expect([cache.has(source, 1), cache.loading]).to.deep.equal([false, 0]);
  });

  it("lets blocks go that came once and were not asked for again, before those that were", async () => {
    const cache = new BlockCache(40);
    const source = new Source();
    await cache.get(source, 0);
    cache.find(source, 0);
    for (let number = 1; number < 9; number++) {
      await cache.get(source, number);
      cache.find(source, 0);
    }
    expect(source.reads).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(cache.find(source, 0)).to.be.instanceOf(Buffer);
    expect(cache.bytes).to.equal(40);
  });

  it("does not keep a block that is larger than itself", async () => {
    const cache = new BlockCache(5);
    const source = new Source();
    expect(await cache.get(source, 0)).to.have.length(10);
    expect(cache.bytes).to.equal(0);
  });

  it("keeps blocks of sources apart", async () => {
    const cache = new BlockCache(100);
    const [one, other] = [new Source(), new Source()];
    await cache.get(one, 1);
    await cache.get(other, 1);
    expect(one.reads).to.deep.equal([1]);
    expect(other.reads).to.deep.equal([1]);
    cache.drop(one);
    expect(cache.bytes).to.equal(10);
    expect(cache.get(other, 1)).to.be.instanceOf(Buffer);
  });

  it("forgets a dropped source's blocks, also those that are just being read", async () => {
    const cache = new BlockCache(100);
    const source = new HeldSource();
    const reading = cache.get(source, 0);
    cache.drop(source);
    source.waiting[0]!.end(Buffer.alloc(10, 1));
    expect((await reading)[0]).to.equal(1);
    expect(cache.bytes).to.equal(0);
    const again = cache.get(source, 0);
    source.waiting[1]!.end(Buffer.alloc(10, 2));
    expect((await again)[0]).to.equal(2);
    expect(cache.bytes).to.equal(10);
  });

  it("tells a failed read to all who share it, and reads anew for the next", async () => {
    const cache = new BlockCache(100);
    const source = new HeldSource();
    const asked = [cache.get(source, 0), cache.get(source, 0)];
    source.waiting[0]!.fail(Object.assign(new Error("EIO"), { code: "EIO" }));
    for (const each of asked) expect(await codeOf(each as Promise<Buffer>)).to.equal("EIO");
    const next = cache.get(source, 0);
    source.waiting[1]!.end(Buffer.alloc(10));
    expect(await next).to.have.length(10);
  });
});
