import { expect } from "chai";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { openStore } from "../../support/store.js";

const open = async (files: MemoryFiles, owner?: string): Promise<string> =>
  openStore(files, owner === undefined ? {} : { owner }).then(
    (store) => store.close().then(() => "opened"),
    (thrown: Error) => thrown.message,
  );

describe("the owner of a data folder", () => {
  it("is who opened it first, over a power cut; another one is told both names and changes nothing", async () => {
    const files = new MemoryFiles();
    expect(await open(files)).to.equal("opened");
    expect(await open(files, "a")).to.equal("opened");
    const left = files.losePower("nothing");
    const before = left.peek("checkpoint");
    expect(await open(left, "b")).to.match(/holds the data of broker a, not of b/);
    expect(left.peek("checkpoint")).to.deep.equal(before);
    expect(await open(left, "a")).to.equal("opened");
    expect(await open(left)).to.equal("opened");
  });

  it("may be said again where a crash left half of it", async () => {
    const files = new MemoryFiles();
    files.poke("broker.new", Buffer.from("x"));
    expect(await open(files, "a")).to.equal("opened");
    expect(await open(files, "x")).to.match(/of broker a/);
    expect(await files.list()).to.not.include("broker.new");
  });
});
