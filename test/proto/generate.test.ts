import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { generate, PROTO_FOLDER } from "../../proto/generate.js";
import { skip } from "../support/skip.js";

function protocVersion(): string | null {
  try {
    return execFileSync("protoc", ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}

async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const names = await readdir(join(folder, "gen"), { recursive: true, withFileTypes: true });
  for (const entry of names.filter((name) => name.isFile())) {
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length)] = await readFile(path, "utf8");
  }
  found["/descriptor.binpb"] = (await readFile(join(folder, "descriptor.binpb"))).toString("base64");
  return found;
}

describe("generated files", () => {
  it("are what the .proto files give", async function () {
    const version = protocVersion();
    if (version === null) return skip(this, "no protoc on the PATH");
    if (!version.startsWith("libprotoc 3.21")) return skip(this, `${version} writes other bytes than 3.21`);
    const folder = await mkdtemp(join(tmpdir(), "logwheel-proto-"));
    try {
      try {
        await generate(folder);
      } catch (thrown) {
        // Debian's compiler comes without Google's own files.
        if (!String(thrown).includes("google/protobuf/duration.proto: File not found")) throw thrown;
        return skip(this, "protoc has no google/protobuf/duration.proto: Debian has it in libprotobuf-dev");
      }
      const fresh = await contents(folder);
      const committed = await contents(PROTO_FOLDER);
      expect(Object.keys(committed)).to.have.members(Object.keys(fresh));
      for (const [name, text] of Object.entries(fresh))
        expect(committed[name] === text, `${name} is stale: npm run proto`).to.equal(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(30_000);
});
