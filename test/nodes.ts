import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * `npm run test:nodes`: the test suite on every supported major version of Node. Versions other than the one at hand come
 * as packages of the npm registry, into node_modules/.cache. NODES="22 24" picks some.
 */
const MAJORS = (process.env["NODES"] ?? "20 22 24 26").split(" ");

const require = createRequire(import.meta.url);
const mocha = join(require.resolve("mocha/package.json"), "..", "bin", "mocha.js");
const architecture = process.arch === "arm64" ? "linux-arm64" : "linux-x64";

function binaryOf(major: string): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join("node_modules", ".cache", "nodes", major);
  mkdirSync(folder, { recursive: true });
  const name = `node-${architecture}`;
  const install = ["install", "--prefix", folder, "--no-save", "--no-package-lock", `${name}@${major}`];
  const { status } = spawnSync("npm", install, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`Node ${major} cannot be installed from the npm registry`);
  return join(folder, "node_modules", name, "bin", "node");
}

const failed = MAJORS.filter((major) => {
  const binary = binaryOf(major);
  process.stdout.write(`\n== Node ${major} (${spawnSync(binary, ["--version"]).stdout.toString().trim()})\n`);
  return spawnSync(binary, [mocha, "dist/test/**/*.test.js"], { stdio: "inherit" }).status !== 0;
});
process.stdout.write(
  failed.length === 0 ? "\nall versions passed\n" : `\nfailed on Node ${failed.join(", ")}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
