import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { DOCUMENTS } from "./support/documents.js";
import { root } from "./support/root.js";
import * as rules from "./tidy/rules.js";
import { importsOf, readSources, type SourceFile, sourceFile } from "./tidy/source-file.js";

describe("tidy", () => {
  let files: SourceFile[] = [];
  before(async () => {
    files = await readSources();
  });

  for (const [name, rule] of Object.entries(rules.RULES)) {
    it(`every file keeps the rule: ${name}`, () => {
      expect(files).to.have.length.above(10);
      expect(
        files.flatMap((file) => rule(file).map((complaint) => `${file.path}: ${complaint}`)),
      ).to.deep.equal([]);
    });
  }

  it("no source is left without anyone who imports it", () => {
    expect(rules.orphans(files)).to.deep.equal([]);
  });

  it("no files import each other in a ring", () => {
    expect(rules.cycles(files)).to.deep.equal([]);
  });

  for (const [path, render] of Object.entries(DOCUMENTS)) {
    it(`${path} says what its table says (else: npm run docs)`, async () => {
      expect(await readFile(`${root}${path}`, "utf8")).to.equal(await render());
    });
  }
});

/** A bad sample for each rule, beside a good one that differs in that alone. */
const SAMPLES: [rule: rules.Rule, bad: [path: string, text: string], good: [path: string, text: string]][] = [
  [
    rules.floors,
    ["client/sdk/x.ts", 'import { Store } from "../../server/store/store.js";'],
    ["server/broker/x.ts", 'import { Store } from "../store/store.js";'],
  ],
  [
    rules.floors,
    ["proto/kernel/x.ts", 'import("../../server/main.js");'],
    ["server/y.ts", 'import("./main.js");'],
  ],
  [
    rules.floors,
    ["client/cli/topic.ts", 'import { open } from "../../server/store/store.js";'],
    ["client/cli/store.ts", 'import { open } from "../../server/store/store.js";'],
  ],
  [
    rules.floors,
    ["client/sdk/x.ts", 'import { startTestCluster } from "../testing/index.js";'],
    ["client/testing/x.ts", 'import { Broker } from "../../server/broker/broker.js";'],
  ],
  [rules.floors, ["cellar/x.ts", ""], ["test/x.ts", ""]],
  [rules.packages, ["server/broker/x.ts", 'import "pino";'], ["server/logger.ts", 'import "pino";']],
  [
    rules.packages,
    ["server/broker/x.ts", 'import "left-pad";'],
    ["server/broker/x.ts", 'import "node:assert";'],
  ],
  [rules.seams, ["server/broker/x.ts", "const now = Date.now();"], ["proto/kernel/clock.ts", "Date.now();"]],
  [rules.seams, ["server/broker/x.ts", "performance.now()"], ["server/broker/x.ts", "// performance.now()"]],
  [rules.seams, ["client/sdk/x.ts", "setTimeout(f, 1)"], ["client/sdk/x.ts", "clock.after(1, f)"]],
  [rules.seams, ["client/sdk/x.ts", "setInterval(f, 1)"], ["client/sdk/x.ts", "/* setInterval */"]],
  [rules.seams, ["client/sdk/x.ts", "Math.random()"], ["client/sdk/x.ts", "random()"]],
  [rules.seams, ["client/sdk/x.ts", "randomBytes(8)"], ["client/sdk/x.ts", "random(8)"]],
  [
    rules.seams,
    ["server/store/x.ts", 'import "node:fs/promises";'],
    ["server/disk/x.ts", 'import "node:fs";'],
  ],
  [
    rules.seams,
    ["server/broker/x.ts", 'import "node:net";'],
    ["proto/kernel/grpc-server.ts", 'import "node:net";'],
  ],
  [
    rules.seams,
    ["server/broker/x.ts", 'import "node:child_process";'],
    ["server/broker/x.ts", 'import "node:os";'],
  ],
  [rules.seams, ["server/broker/x.ts", "process.exit(1)"], ["client/cli/x.ts", "process.exit(1)"]],
  [rules.seams, ["test/server/x.test.ts", "setTimeout(f, 1)"], ["test/server/x.test.ts", "Date.now()"]],
  [rules.names, ["server/broker/queue-utils.ts", ""], ["server/broker/queue.ts", ""]],
  [rules.names, ["server/common/x.ts", ""], ["server/commons-list/x.ts", ""]],
  [rules.kebab, ["server/broker/longPoll.ts", ""], ["server/broker/long-poll.test.ts", ""]],
  [rules.size, ["server/x.ts", "\n".repeat(401)], ["server/x.ts", "\n".repeat(400)]],
  [rules.looseEnds, ["test/x.ts", `describe.${"only"}("x")`], ["test/x.ts", 'describe("only x")']],
  [rules.looseEnds, ["server/x.ts", `// ${"TO"}${"DO"}: later`], ["server/x.ts", "// to do good"]],
];

describe("tidy rules", () => {
  for (const [rule, bad, good] of SAMPLES) {
    const name = Object.entries(rules.RULES).find(([, known]) => known === rule)?.[0];
    it(`${name} finds fault with ${bad[0]}: ${bad[1].trim().slice(0, 60)}`, () => {
      expect(rule(sourceFile(...bad))).to.have.length(1);
      expect(rule(sourceFile(...good))).to.deep.equal([]);
    });
  }

  it("orphans are found, and a test that imports a file does not save it", () => {
    const planted = [
      sourceFile(
        "client/index.ts",
        'export * from "./sdk/used.js";\nconst lazy = () => import("./sdk/lazy.js");',
      ),
      sourceFile("client/sdk/used.ts", ""),
      sourceFile("client/sdk/lazy.ts", ""),
      sourceFile("client/sdk/lost.ts", ""),
      sourceFile("test/client/sdk/lost.test.ts", 'import "../../../client/sdk/lost.js";'),
    ];
    expect(rules.orphans(planted)).to.deep.equal(["client/sdk/lost.ts"]);
  });

  it("rings of value imports are found, rings of types are not", () => {
    const ring = [
      sourceFile("server/a.ts", 'import { b } from "./b.js";'),
      sourceFile("server/b.ts", 'import "./a.js";'),
    ];
    expect(rules.cycles(ring)).to.deep.equal(["server/a.ts -> server/b.ts -> server/a.ts"]);
    const types = [
      sourceFile("server/a.ts", 'import type { B } from "./b.js";'),
      sourceFile("server/b.ts", 'import { a } from "./a.js";'),
    ];
    expect(rules.cycles(types)).to.deep.equal([]);
  });

  it("reads every form of import, also over several lines", () => {
    const text =
      'import {\n  a,\n  b,\n} from "./a.js";\nexport { c } from "../c.js";\nimport d from "pino";\n// import "./no.js"\nimport type { E } from "./e.js";\nconst f = import("./f.js");';
    const file = sourceFile("server/broker/x.ts", text);
    expect(importsOf(file)).to.deep.equal([
      { from: "./a.js", target: "server/broker/a.ts", typeOnly: false, lazy: false },
      { from: "../c.js", target: "server/c.ts", typeOnly: false, lazy: false },
      { from: "pino", target: null, typeOnly: false, lazy: false },
      { from: "./e.js", target: "server/broker/e.ts", typeOnly: true, lazy: false },
      { from: "./f.js", target: "server/broker/f.ts", typeOnly: false, lazy: true },
    ]);
  });
});
