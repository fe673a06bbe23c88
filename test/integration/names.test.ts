import { expect } from "chai";
import { topic } from "../../client/sdk/topic.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { AnyMethod, Channel } from "../../proto/kernel/channel.js";
import { BROKER, NAME_SERVER } from "../../proto/kernel/contract.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { MemoryCluster } from "../support/memory-cluster.js";
import { fields, outcome, raw } from "../support/raw-calls.js";
import { type FieldPath, requestWith, textFields } from "../support/request-fields.js";

/** Names that mean something to a file system, a shell, a terminal or a decoder. */
const EVIL: readonly (string | Buffer)[] = [
  ...["..", ".", "../x", "../../etc/passwd", "..\\..\\x", "/etc/passwd", "//x", "./a", "a/../b", "a/b", "a/"],
  ...["a\\b", "\\", "C:", "C:\\x", "\\\\host\\share", "file:///etc/passwd", "~", "~root", ".hidden", "a."],
  ...["%2e%2e", "%2e%2e%2f", "%252e%252e%252f", "%00", "%c0%ae", "\0", "a\0b", "a\nb", "a\rb", "\u001b[2J"],
  ...["$HOME", "$(id)", "`id`", "a;b", "a&b", "-rf", "--data", "*", "?", " ", " a", "a "],
  ...[
    "\uff0e\uff0e\uff0f",
    "\u2025/",
    "\u2215",
    "\u2044",
    "\u202egnp",
    "\u200d",
    "\ufeff",
    "\u0430",
    "e\u0301",
  ],
  ...[
    "con",
    "prn",
    "aux",
    "nul",
    "com1",
    "lpt1",
    "CON.txt",
    "nul.",
    "00000000000000000000.log",
    "spare-1.log",
  ],
  ...["x".repeat(128), "x".repeat(255), "x".repeat(256), "x".repeat(4_096), "../".repeat(300)],
  ...["c0aec0ae", "e080ae", "f08080ae", "c080", "fffe", "eda080", "2e2e2f00"].map((hex) =>
    Buffer.from(hex, "hex"),
  ),
];

/** What this program names its files. */
const OURS = /^(log|\d{20}\.(log|index|keys)|spare-\d+\.log|checkpoint|broker(\.new)?|)$/;

const REQUESTS: [method: AnyMethod, type: string][] = [
  ...Object.values(BROKER),
  ...Object.values(ADMIN),
  ...Object.values(NAME_SERVER),
].map((method) => [method, `logwheel.v1.${method.path.split("/")[2]}Request`]);

const SPECIAL = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

describe("names in requests", function () {
  this.timeout(60_000);
  let cluster: MemoryCluster;
  let files: MemoryFiles;
  let touched: Set<string>;

  beforeEach(async () => {
    files = new MemoryFiles();
    touched = new Set();
    files.before = ({ name }) => {
      touched.add(name);
    };
    cluster = await MemoryCluster.start([], { autoCreate: true, segmentBytes: 1 << 20 });
    await cluster.startBroker("a", files);
  });
  afterEach(() => cluster.close());

  /** One call, or one message on a stream of its own; resolves when it is answered, or not, within a while. */
  async function call(channel: Channel, method: AnyMethod, request: Buffer): Promise<string> {
    if (method.kind === "unary")
      return outcome(cluster.advance(channel.unary(raw(method), request, { timeoutMs: 1_000 })));
    const stream = channel.open<Buffer, Buffer, Buffer, Buffer>(raw(method));
    const answered = new Promise<string>((resolve) => {
      stream.listen({
        message: () => resolve("ok"),
        close: (error) => resolve((error as { code?: string } | null)?.code ?? "ok"),
      });
      cluster.clock.after(50, () => resolve("silent"));
    });
    stream.write(request);
    const code = await cluster.advance(answered);
    stream.end();
    return code;
  }

  it("there are at least sixty of them, and as many fields that take them", () => {
    expect(EVIL.length).to.be.at.least(60);
    expect(REQUESTS.flatMap(([, type]) => textFields(type)).length).to.be.at.least(60);
  });

  for (const [method, type] of REQUESTS)
    it(`${method.path.split("/")[2]}: never reach the file system, and never break anything`, async () => {
      const channel = cluster.network.connect(method.path.includes("NameServer") ? "names:9876" : "a:10911");
      const fine = (path: FieldPath, text: string | Buffer) => requestWith(type, path, text);
      for (const path of textFields(type))
        for (const text of EVIL) {
          const where = `${path.join(".")} = ${JSON.stringify(text.toString()).slice(0, 40)}`;
          const code = await call(channel, method, fine(path, text));
          expect(code, where).to.not.be.oneOf([
            "INTERNAL",
            "PROTOCOL",
            "CONNECTION_LOST",
            "BROKER_UNAVAILABLE",
          ]);
          const rest = restOf(type, path);
          if (rest === null) continue;
          const whole = Buffer.concat([rest, fine(path, text)]);
          expect(await call(channel, method, whole), where).to.not.be.oneOf(["INTERNAL", "PROTOCOL"]);
        }
      expect([...touched].filter((name) => !OURS.test(name))).to.deep.equal([]);
      const alive = cluster.network.connect("a:10911").unary(ADMIN.describeBroker, {});
      expect((await cluster.advance(alive)).state).to.equal("serving");
    });

  /** What a send needs besides, so that its message is looked at. */
  function restOf(type: string, path: FieldPath): Buffer | null {
    if (!type.startsWith("logwheel.v1.Send") || path[0] === "topic") return null;
    const message = fields([1, "body"]);
    return path.at(-1) === "body" ? fields([1, "t"]) : fields([1, "t"], [5, message]);
  }

  it("that are special to JavaScript are names like others, also after a restart", async () => {
    const client = await cluster.connect();
    const before = Object.getOwnPropertyNames(Object.prototype);
    const properties = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t"}') as Record<
      string,
      string
    >;
    for (const name of SPECIAL) {
      await cluster.advance(
        client.admin.topics.create(name, {
          queues: 1,
          type: "mixed",
          attributes: { [name]: "x" },
        }),
      );
      await cluster.advance(client.admin.groups.create(name));
    }
    const producer = client.producer();
    for (const name of SPECIAL) {
      const message = { topic: topic(name), body: Buffer.from(name), tag: name, keys: [name], properties };
      await cluster.advance(producer.send({ ...message, orderingKey: name }));
    }
    await cluster.kill("a");
    await cluster.startBroker("a");
    for (const name of SPECIAL) {
      const seen: string[] = [];
      const handled = new Promise<void>((resolve) => {
        const consumer = client.consume(
          topic(name),
          { group: name, from: "earliest", filter: { tags: [name] } },
          (message) => {
            seen.push(Buffer.from(message.body).toString(), JSON.stringify(message.properties));
            resolve();
          },
        );
        consumer.start().catch(() => {});
      });
      await cluster.advance(handled);
      expect(seen).to.deep.equal([name, JSON.stringify(properties)]);
      const found = await cluster.advance(client.admin.messages.query({ topic: name, key: name }));
      expect(found.messages.map(({ keys }) => keys)).to.deep.equal([[name]]);
      const described = await cluster.advance(client.admin.topics.describe(name));
      expect(described.name).to.equal(name);
      expect(Object.getOwnPropertyDescriptor(described.attributes, name)?.value, name).to.equal("x");
      expect((await cluster.advance(client.admin.groups.describe(name))).name).to.equal(name);
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before);
  });
});
