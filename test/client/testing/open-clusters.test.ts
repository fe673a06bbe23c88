import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { runProgram } from "../../support/program.js";
import { root } from "../../support/root.js";

const kit = pathToFileURL(`${root}dist/client/testing/index.js`).href;

describe("a process with a test cluster", function () {
  this.timeout(60_000);

  function run(program: string): ReturnType<typeof runProgram> {
    const text = `import { startTestCluster } from ${JSON.stringify(kit)};\n${program}`;
    return runProgram(process.execPath, ["--input-type=module", "--eval", text], {
      folder: fileURLToPath(new URL(".", import.meta.url)),
    });
  }

  it("ends although the cluster was not closed, and names the line that started it", async () => {
    const { code, stderr } = await run('const cluster = await startTestCluster({ topics: ["a"] });');
    expect(code).to.equal(0);
    expect(stderr).to.match(/a test cluster was never closed; it was started at .*\[eval1\]:2/);
  });

  it("says nothing when it was closed, or could not be started", async () => {
    const { code, stderr } = await run(`
      await (await startTestCluster({ topics: ["a"] })).close();
      await startTestCluster({ brokers: ["-", "-"] }).catch((error) => console.log(error.code));
    `);
    expect([code, stderr]).to.deep.equal([0, ""]);
  });
});
