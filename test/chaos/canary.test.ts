import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { skip } from "../support/skip.js";

const ALARM = "canary: fails when it is asked to";

describe("alarm", () => {
  it(ALARM, function () {
    if (process.env["CANARY"] !== "1") return skip(this, "npm run test:canary makes it fail");
    expect.fail("this failure is wanted: it shows that a failing check is heard");
  });

  it("is heard: a failing check fails the command, by name and by exit code", function () {
    if (process.env["CANARY"] === "1") return skip(this, "this is the command whose failure is wanted");
    const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        mocha,
        "--no-config",
        "--reporter",
        fileURLToPath(new URL("../support/reporter.js", import.meta.url)),
        fileURLToPath(import.meta.url),
      ],
      { encoding: "utf8", env: { ...process.env, CANARY: "1" } },
    );
    expect(status).to.equal(1);
    expect(stdout)
      .to.include(ALARM)
      .and.to.match(/0 passed, 1 failed, 1 skipped\s*$/);
  });
});
