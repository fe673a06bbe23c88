import { expect } from "chai";
import type { Views, ViewsFolder } from "../../server/store/views.js";

function bytes(...values: number[]): Buffer {
  return Buffer.of(...values);
}

async function keysOf(views: Views, from: Buffer, to: Buffer, max = 100): Promise<string[]> {
  return (await views.scan(from, to, max)).map(({ key }) => key.toString("hex"));
}

/** What every kind of views must do. `make` gives an empty folder. */
export function describeViews(name: string, make: () => Promise<ViewsFolder>): void {
  describe(`Views contract: ${name}`, () => {
    let folder: ViewsFolder;
    let views: Views;

    beforeEach(async () => {
      folder = await make();
      views = await folder.open();
    });
    afterEach(() => views.close());

    it("gives back what was written, and nothing where nothing is", async () => {
      await views.write([
        { key: bytes(1, 2), value: bytes(7) },
        { key: bytes(1), value: bytes() },
      ]);
      expect(views.get(bytes(1, 2))).to.deep.equal(bytes(7));
      expect(views.get(bytes(1))).to.deep.equal(bytes());
      expect(views.get(bytes(2))).to.equal(undefined);
    });

    it("applies the changes of a batch in their order", async () => {
      await views.write([{ key: bytes(1), value: bytes(1) }]);
      await views.write([
        { key: bytes(1) },
        { key: bytes(2), value: bytes(2) },
        { key: bytes(2) },
        { key: bytes(3) },
        { key: bytes(3), value: bytes(3) },
      ]);
      expect(await keysOf(views, bytes(0), bytes(9))).to.deep.equal(["03"]);
    });

    it("scans in the order of the bytes, within bounds, up to so many", async () => {
      const keys = [bytes(2), bytes(1, 255), bytes(1), bytes(1, 0, 0), bytes(255, 255), bytes(1, 128)];
      await views.write(keys.map((key) => ({ key, value: bytes(key.length) })));
      expect(await keysOf(views, bytes(1), bytes(2))).to.deep.equal(["01", "010000", "0180", "01ff"]);
      expect(await keysOf(views, bytes(1, 0), bytes(255, 255))).to.deep.equal([
        "010000",
        "0180",
        "01ff",
        "02",
      ]);
      expect(await keysOf(views, bytes(0), bytes(255), 2)).to.deep.equal(["01", "010000"]);
      expect(await keysOf(views, bytes(3), bytes(4))).to.deep.equal([]);
      expect((await views.scan(bytes(1, 0), bytes(1, 1), 9))[0]!.value).to.deep.equal(bytes(3));
    });

    it("scans more than fits one read", async () => {
      const key = (at: number): Buffer => {
        const made = Buffer.alloc(400);
        made.writeUInt32BE(at);
        return made;
      };
      for (let from = 0; from < 10_000; from += 1_000)
        await views.write(
          Array.from({ length: 1_000 }, (_, at) => ({ key: key(from + at), value: bytes() })),
        );
      const found = await views.scan(bytes(0), bytes(255), 9_000);
      expect(found.map(({ key: each }) => each.readUInt32BE())).to.deep.equal([...Array(9_000).keys()]);
    });

    it("is there again after it was closed, also what was forced and synced", async () => {
      await views.write([{ key: bytes(1), value: bytes(1) }]);
      await views.force();
      await views.write([{ key: bytes(2), value: bytes(2) }], { sync: true });
      await views.write([{ key: bytes(3), value: bytes(3) }]);
      await views.force();
      await views.close();
      views = await folder.open();
      expect(await keysOf(views, bytes(1), bytes(9))).to.deep.equal(["01", "02", "03"]);
    });

    it("does not exist before it is opened, nor after it was removed", async () => {
      expect(await folder.exists()).to.equal(true);
      expect(await (await make()).exists()).to.equal(false);
      await views.write([{ key: bytes(1), value: bytes(1) }]);
      await views.force();
      await views.close();
      await folder.remove();
      expect(await folder.exists()).to.equal(false);
      views = await folder.open();
      expect(await keysOf(views, bytes(1), bytes(9))).to.deep.equal([]);
    });
  });
}
