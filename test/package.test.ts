import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { textOf } from "./support/command-lines.js";
import { type Ended, mustRun, runProgram } from "./support/program.js";
import { root } from "./support/root.js";
import { skip } from "./support/skip.js";

const INSTALL_MS = 240_000;

/** Uses what users use, the way they do; the lines marked as errors have to be errors. */
const PROGRAM = `
import {
  connect, LogwheelError, RetryLater, topic, type Client, type SendReceipt, type StandardSchemaV1, type Topic,
} from "logwheel/client";

declare const schema: StandardSchemaV1<unknown, { id: string; total: number }>;
const orders = topic("orders", { schema });
const typed: Topic<{ id: string; total: number }> = orders;
const raw: Topic<Uint8Array> = topic("raw");

export async function use(endpoint: string): Promise<SendReceipt> {
  await using client: Client = await connect({ endpoints: endpoint });
  const producer = client.producer({ linger: { ms: 2 } });
  // @ts-expect-error a body of another type
  await producer.send({ topic: orders, body: "text" });
  // @ts-expect-error a mode that does not exist
  client.consume(orders, { group: "billing", mode: "sometimes" }, () => {});
  const consumer = client.consume(orders, { group: "billing", concurrency: 4 }, async ({ body }, { signal }) => {
    const total: number = body.total;
    if (signal.aborted || total < 0) throw new RetryLater(1_000);
  });
  await consumer.start();
  for await (const message of client.reader(raw, { from: "earliest", until: "end" })) message.body.byteLength;
  const lag: number = (await client.admin.groups.list().toArray())[0]?.lag ?? 0;
  try {
    return await producer.send({ topic: typed, body: { id: "1", total: lag } }, { timeoutMs: 1_000 });
  } catch (error) {
    if (LogwheelError.is(error, "TIMEOUT") && error.sent === "maybe") console.error(error.retryable);
    throw error;
  }
}
`;

const TSCONFIG = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable"],
    module: "NodeNext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    // What documents show with a schema and with databases; the package itself needs none of it.
    paths: {
      zod: [`${root}node_modules/zod/index.d.ts`],
      pg: [`${root}node_modules/@types/pg/index.d.ts`],
      "mysql2/promise": [`${root}node_modules/mysql2/promise.d.ts`],
      "better-sqlite3": [`${root}node_modules/@types/better-sqlite3/index.d.ts`],
    },
  },
};

/** What the blocks of documents build on when they do not import it. */
const SETTING = `
import { connect, topic, LogwheelError, Reject, RetryLater, type Client, type Producer, type Topic, type TransactionalProducer } from "logwheel/client";
declare const client: Client;
declare const producer: Producer;
declare const orders: Topic<{ id: string; total: number }>;
declare const bank: TransactionalProducer<{ id: string; total: number }>;
declare const accounts: { has(id: string): Promise<boolean>; pay(amount: number, id: string): Promise<void> };
declare function charge(order: { id: string; total: number }, signal: AbortSignal): Promise<void>;
declare function insert(orders: readonly { id: string; total: number }[]): Promise<Set<string>>;
`;

/** The TypeScript blocks of a document, each as a module of its own. */
async function blocksOf(path: string): Promise<string[]> {
  const blocks = [...(await textOf(path)).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, block = ""]) => block,
  );
  return blocks.map((block) => {
    const body = block.replaceAll(/^import .* from "logwheel\/client";\n/gm, "");
    const own = [...body.matchAll(/^(?:await using|const) (client|producer|orders|bank)\b/gm)].map(
      ([, name]) => name,
    );
    const setting = SETTING.split("\n").filter(
      (line) => !own.some((name) => line.startsWith(`declare const ${name}:`)),
    );
    return `${setting.join("\n")}\n${body}\nexport {};\n`;
  });
}

describe("the package, packed and installed in an empty folder", function () {
  this.timeout(INSTALL_MS + 60_000);
  let folder: string;
  let app: string;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), "logwheel-package-"));
    app = join(folder, "app");
    await mkdir(app);
    // Built already: the scripts would write into dist/ while its tests run.
    await mustRun("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { folder: root });
    const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    await writeFile(
      join(app, "package.json"),
      JSON.stringify({ name: "app", private: true, type: "module" }),
    );
    const install = ["install", "--no-audit", "--no-fund", join(folder, tarball)];
    const { code, stderr } = await runProgram("npm", install, { folder: app, boundMs: INSTALL_MS });
    if (code !== 0 && /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONN/.test(stderr))
      skip(this, "npm reaches no registry here");
    expect([code, stderr]).to.deep.equal([0, stderr]);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function inApp(name: string, ...args: string[]): Promise<Ended> {
    return runProgram(name, args, { folder: app });
  }

  it("runs its command", async () => {
    const { code, stdout } = await inApp("npx", "--no-install", "logwheel", "version");
    expect([code, stdout.split("\n")[0]]).to.deep.equal([
      0,
      `logwheel  ${JSON.parse(await textOf("package.json")).version}`,
    ]);
    expect((await inApp("npx", "--no-install", "logwheel", "--help")).stdout).to.include("logwheel dev");
  });

  it("holds all that name server, broker and client need to run", async () => {
    const work = ["bench", "send", "--seconds", "1", "--warmup", "0", "--in-flight", "8", "-o", "json"];
    const { code, stdout, stderr } = await inApp("npx", "--no-install", "logwheel", ...work);
    expect(code, stderr).to.equal(0);
    const { acked, refused, offered } = JSON.parse(stdout);
    expect(acked).to.be.above(0);
    // A machine that is too busy has its broker refuse some.
    expect(acked + refused).to.equal(offered);
  });

  it("holds no tests, no sources and nothing of the machine that packed it", async () => {
    const files = await readdir(join(app, "node_modules/logwheel"), { recursive: true });
    expect(files).to.include.members([
      "dist/client/index.d.ts",
      "proto/logwheel/v1/broker.proto",
      "README.md",
    ]);
    expect(files.filter((name) => /^(dist\/)?(test|bench|examples|node_modules)\b/.test(name))).to.deep.equal(
      [],
    );
    expect(files.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))).to.deep.equal([]);
    expect(files.filter((name) => name.includes("tsbuildinfo"))).to.deep.equal([]);
  });

  /** What the compiler says of a file in the application's folder. The compiler and the types of Node are ours. */
  async function compiled(
    files: Readonly<Record<string, string>>,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(app, name), text);
    const compilerOptions = { ...TSCONFIG.compilerOptions, ...options };
    await writeFile(
      join(app, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: Object.keys(files) }),
    );
    const types = ["--typeRoots", join(root, "node_modules/@types")];
    return (await inApp(join(root, "node_modules/.bin/tsc"), "-p", ".", ...types)).stdout;
  }

  it("type-checks a strict program on logwheel/client, its own types included", async () => {
    expect(await compiled({ "program.ts": PROGRAM })).to.equal("");
  });

  it("type-checks and runs a test on logwheel/testing, with nothing installed beside the package", async () => {
    const block = /^```ts\n([\s\S]*?)^```$/m.exec(await textOf("docs/testing.md"))?.[1] ?? "";
    expect(block).to.include('from "logwheel/testing"');
    expect(await compiled({ "job.test.ts": block }, { noEmit: false, outDir: "built" })).to.equal("");
    const { code, stdout, stderr } = await inApp(
      process.execPath,
      "--test",
      "--test-reporter=tap",
      "built/job.test.js",
    );
    expect([code, stderr], stdout).to.deep.equal([0, ""]);
    expect(stdout).to.match(/^# pass 1$/m);
  });

  it("type-checks what README.md, docs/sdk.md and docs/outbox.md show", async () => {
    const documents = ["README.md", "docs/sdk.md", "docs/outbox.md"];
    const blocks = (await Promise.all(documents.map(blocksOf))).flat();
    expect(blocks.length).to.be.above(10);
    const files = blocks.map((block, i) => [`block-${i}.ts`, block] as const);
    expect(await compiled(Object.fromEntries(files))).to.equal("");
  });

  it("gives the same client to import and to require", async () => {
    const program = `
      const required = require("logwheel/client");
      import("logwheel/client").then((imported) => console.log(typeof required.connect, imported.connect === required.connect));
    `;
    const { stdout } = await inApp(process.execPath, "--input-type=commonjs", "--eval", program);
    expect(stdout).to.equal("function true\n");
  });

  it("gives the outbox to import and to require, with no driver installed", async () => {
    const program = `
      const { createOutbox, outboxTables } = require("logwheel/client/outbox");
      createOutbox();
      import("logwheel/client/outbox").then(({ sqlite }) => console.log(outboxTables("mysql").length, typeof sqlite));
    `;
    const { stdout, stderr } = await inApp(process.execPath, "--input-type=commonjs", "--eval", program);
    expect([stdout, stderr]).to.deep.equal(["2 function\n", ""]);
    expect(await readdir(join(app, "node_modules"))).to.not.include.members(["pg", "mysql2", "libsql"]);
  });
});
