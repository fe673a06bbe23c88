import { openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { TestClock } from "../../client/testing/test-clock.js";
import { openLogger, quiet } from "../../server/logger.js";

/** What was written, a parsed line each. */
function collect(): { write: (text: string) => void; lines: () => Record<string, unknown>[] } {
  let all = "";
  return {
    write: (text) => {
      all += text;
    },
    lines: () =>
      all
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  };
}

describe("logger", () => {
  it("writes a JSON object per line with time, fields and message", () => {
    const { write, lines } = collect();
    openLogger("info", write).warn({ broker: "a" }, "slow disk");
    expect(lines()).to.have.length(1);
    expect(lines()[0]).to.include({ level: 40, broker: "a", msg: "slow disk" });
    expect(lines()[0]?.["time"]).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(lines()[0]).to.not.have.any.keys("pid", "hostname");
  });

  it("leaves out what is less important than its level, and everything when silent", () => {
    const { write, lines } = collect();
    openLogger("warn", write).info({}, "no");
    openLogger("silent", write).error({}, "no");
    openLogger("warn", write).error({}, "yes");
    expect(lines().map(({ msg }) => msg)).to.deep.equal(["yes"]);
  });

  it("writes out what is buffered when it is flushed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "logwheel-logger-"));
    const path = join(folder, "log");
    const logger = openLogger("info", openSync(path, "w"));
    logger.info({}, "last words");
    expect(await readFile(path, "utf8")).to.equal("");
    logger.flush();
    expect(await readFile(path, "utf8")).to.include("last words");
    await rm(folder, { recursive: true });
  });
});

describe("quiet logger", () => {
  it("writes one line per reason in 10 s, and then says how many it left out", async () => {
    const clock = new TestClock();
    const { write, lines } = collect();
    const logger = quiet(openLogger("info", write), clock);
    for (let i = 0; i < 1_000; i++) logger.warn({ reason: "DISK_FULL" }, "refused");
    logger.warn({ reason: "THROTTLED" }, "refused");
    expect(lines().map(({ reason, unsaid }) => [reason, unsaid])).to.deep.equal([
      ["DISK_FULL", undefined],
      ["THROTTLED", undefined],
    ]);
    await clock.advance(10_000);
    logger.error({ reason: "DISK_FULL" }, "refused");
    expect(lines().at(-1)).to.include({ reason: "DISK_FULL", unsaid: 999 });
    await clock.advance(10_000);
    logger.error({ reason: "DISK_FULL" }, "refused");
    expect(lines().at(-1)).to.not.have.property("unsaid");
  });

  it("leaves lines without a reason alone", () => {
    const { write, lines } = collect();
    const logger = quiet(openLogger("trace", write), new TestClock());
    for (const level of ["trace", "debug", "info", "warn", "error"] as const) {
      logger[level]({}, level);
      logger[level]({}, level);
    }
    expect(lines()).to.have.length(10);
  });
});
