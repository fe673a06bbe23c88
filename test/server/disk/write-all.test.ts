import { expect } from "chai";
import fc from "fast-check";
import { writeAll } from "../../../server/disk/write-all.js";
import { codeOf } from "../../contract/files.js";

describe("writeAll", () => {
  it("goes on behind what a short write took, wherever that ended", async () => {
    const buffers = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 });
    const parts = fc.infiniteStream(fc.integer({ min: 1, max: 12 }));
    await fc.assert(
      fc.asyncProperty(buffers, parts, fc.nat(100), async (input, takes, position) => {
        const disk: number[] = [];
        const writeSome = async (rest: readonly Uint8Array[], at: number): Promise<number> => {
          expect(at).to.equal(position + disk.length);
          const all = Buffer.concat(rest);
          const count = Math.min(all.byteLength, takes.next().value);
          disk.push(...all.subarray(0, count));
          return count;
        };
        await writeAll(writeSome, input, position);
        expect(Buffer.from(disk).equals(Buffer.concat(input))).to.equal(true);
      }),
    );
  });

  it("writes in one call what the disk takes in one", async () => {
    let calls = 0;
    await writeAll(
      async (rest) => {
        calls += 1;
        return Buffer.concat(rest).byteLength;
      },
      [Buffer.from("a"), Buffer.alloc(0), Buffer.from("b"), Buffer.alloc(0)],
      0,
    );
    expect(calls).to.equal(1);
  });

  it("fails when the disk takes nothing, instead of asking for ever", async () => {
    expect(await codeOf(writeAll(async () => 0, [Buffer.from("a")], 0))).to.equal("EIO");
  });
});
