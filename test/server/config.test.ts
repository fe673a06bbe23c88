import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { isLoopback, parseAddress } from "../../proto/kernel/address.js";
import { brokerConfig, type Given, nameServerConfig, resolved, TABLES } from "../../server/config.js";
import { BROKER_SETTINGS } from "../../server/settings/broker.js";

/** Nothing given but what is said. */
function given(parts: Partial<Given> = {}): Given {
  return { flags: {}, environment: {}, ...parts };
}

describe("config", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-config-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(content: unknown): Promise<string> {
    const path = join(folder, "settings.json");
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  it("takes the flag before the environment, the file and the default, and says which it took", async () => {
    const configPath = await file({ sendWaitMs: "100ms", acceptedBytesMax: "1MiB", segmentBytes: "2MiB" });
    const environment = { LOGWHEEL_SEND_WAIT_MS: "200ms", LOGWHEEL_ACCEPTED_BYTES_MAX: "2MiB" };
    const { values, origins } = resolved(BROKER_SETTINGS, {
      flags: { sendWaitMs: "300ms" },
      environment,
      configPath,
    });
    expect([values.sendWaitMs, values.acceptedBytesMax, values.segmentBytes]).to.deep.equal([
      300,
      2 << 20,
      2 << 20,
    ]);
    expect(values.retentionMs).to.equal(3 * 86_400_000);
    expect([
      origins.sendWaitMs,
      origins.acceptedBytesMax,
      origins.segmentBytes,
      origins.retentionMs,
    ]).to.deep.equal(["flag", "environment", "file", "default"]);
  });

  it("finds the file that LOGWHEEL_CONFIG names", async () => {
    const environment = { LOGWHEEL_CONFIG: await file({ name: "broker-z" }) };
    expect(brokerConfig(given({ environment })).name).to.equal("broker-z");
  });

  it("binds every listener to loopback unless told otherwise", () => {
    const addresses = [brokerConfig(given()).listen, nameServerConfig(given()).listen];
    expect(addresses).to.deep.equal(["127.0.0.1:10911", "127.0.0.1:9876"]);
    expect(addresses.map((address) => isLoopback(parseAddress(address).host))).to.deep.equal([true, true]);
    expect(brokerConfig(given()).metrics).to.equal(null);
  });

  it("has auto-creation off and sync flush on by default", () => {
    const { autoCreateTopics, flush } = brokerConfig(given());
    expect({ autoCreateTopics, flush }).to.deep.equal({ autoCreateTopics: false, flush: "sync" });
  });

  it("every default keeps its own bounds and is read back from its own text", () => {
    for (const table of Object.values(TABLES)) {
      const defaults = resolved(table, given()).values as Record<string, unknown>;
      const flags = Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== null));
      expect(resolved(table, given({ flags })).values).to.deep.equal(defaults);
    }
  });

  it("advertises the listening address", () => {
    expect(brokerConfig(given({ flags: { listen: "127.0.0.1:7001" } })).advertise).to.equal("127.0.0.1:7001");
  });

  it("refuses a wildcard that clients would be told to connect to, and says what to set", () => {
    expect(() => brokerConfig(given({ flags: { listen: "0.0.0.0:10911" } }))).to.throw(
      "clients cannot find a broker at 0.0.0.0:10911: set advertise",
    );
    const flags = { listen: "0.0.0.0:10911", advertise: "b1.example.com:10911" };
    expect(brokerConfig(given({ flags })).advertise).to.equal("b1.example.com:10911");
  });

  it("reads lists, booleans and damage ranges in every form", async () => {
    const configPath = await file({ namesrv: ["a:1", "b:2"], autoCreateTopics: true });
    expect(brokerConfig(given({ configPath })).namesrv).to.deep.equal(["a:1", "b:2"]);
    expect(brokerConfig(given({ configPath })).autoCreateTopics).to.equal(true);
    const flags = { namesrv: ["a:1, b:2", "c:3", "a:1"], acceptDamage: "4096-8192" };
    const config = brokerConfig(given({ flags, environment: { LOGWHEEL_AUTO_CREATE_TOPICS: "true" } }));
    expect(config.namesrv).to.deep.equal(["a:1", "b:2", "c:3"]);
    expect(config.acceptDamage).to.deep.equal({ from: 4_096, to: 8_192 });
    expect(config.autoCreateTopics).to.equal(true);
  });

  it("names an unknown key of the file and the nearest one that exists", async () => {
    const configPath = await file({ segmentByte: "1MiB" });
    expect(() => brokerConfig(given({ configPath }))).to.throw(
      `"segmentByte" in ${configPath}: there is no such setting; did you mean segmentBytes?`,
    );
    const evil = await file('{"__proto__": {"name": "x"}}');
    expect(() => brokerConfig(given({ configPath: evil }))).to.throw("there is no such setting");
  });

  it("names an unknown variable, and lets those of the other process and of Kubernetes pass", () => {
    expect(() => brokerConfig(given({ environment: { LOGWHEEL_NAMESERV: "a:1" } }))).to.throw(
      "LOGWHEEL_NAMESERV: there is no such setting; did you mean LOGWHEEL_NAMESRV?",
    );
    const environment = {
      LOGWHEEL_SEGMENT_BYTES: "x",
      LOGWHEEL_BROKER_PORT: "tcp://10.0.0.1:10911",
      LOGWHEEL_SERVICE_HOST: "a",
    };
    expect(nameServerConfig(given({ environment })).listen).to.equal("127.0.0.1:9876");
  });

  it("takes an empty variable for one that is not set", () => {
    expect(
      brokerConfig(given({ environment: { LOGWHEEL_METRICS: "", LOGWHEEL_CONFIG: "" } })).metrics,
    ).to.equal(null);
  });

  const refused: [flags: Record<string, unknown>, sentence: string][] = [
    [{ segmentBytes: "1KiB" }, "--segment-bytes: 1KiB is less than 1MiB, the least"],
    [{ segmentBytes: "2GiB" }, "--segment-bytes: 2GiB is more than 1GiB, the most"],
    [{ segmentBytes: "big" }, '--segment-bytes: "big" is not a size such as'],
    [{ retentionMs: "soon" }, '--retention-ms: "soon" is not a duration such as'],
    [{ flush: "never" }, '--flush: "never" is none of sync, async'],
    [{ name: "../etc" }, '--name: "../etc" does not match'],
    [{ data: "" }, "--data: it is empty"],
    [{ listen: "here" }, '--listen: "here" is not an address'],
    [{ topicsMax: "many" }, '--topics-max: "many" is not a whole number'],
    [{ autoCreateTopics: "maybe" }, '--auto-create-topics: "maybe" is not true or false'],
    [{ acceptDamage: "9-3" }, '--accept-damage: "9-3" is not a range'],
    [{ diskWarnPercent: "90" }, "diskWarnPercent has to be less than diskRefusePercent"],
    [{ retentionBytes: "256MiB" }, "at least two segments"],
    [{ queuesPerTopicMax: "4" }, "autoCreateQueues is more than queuesPerTopicMax"],
    [{ flushBytes: "65MiB" }, "flushBytes is more than unflushedBytesMax"],
    [{ delayLevels: "" }, "delayLevels has to name one delay at least"],
    [{ delayLevels: "1s,2h", delayMsMax: "1h" }, "delayLevels has 2h, which is more than delayMsMax"],
    [{ memberExpiryMs: "5s" }, "at least twice memberHeartbeatMs"],
    [{ bodyBytesMax: "5MiB" }, "--body-bytes-max: 5MiB is more than 4MiB, the most"],
    [{ metrics: "127.0.0.1:10911" }, "they need ports of their own"],
  ];
  for (const [flags, sentence] of refused) {
    it(`refuses ${JSON.stringify(flags)} in words`, () => {
      expect(() => brokerConfig(given({ flags })), JSON.stringify(flags)).to.throw(sentence);
    });
  }

  it("takes a secret from the environment or the file, and shows it nowhere", async () => {
    const flags = { rocketmqAccessKey: "ak" };
    const environment = { LOGWHEEL_ROCKETMQ_ACCESS_SECRET: "hush" };
    const configPath = await file({ rocketmqAccessSecret: "hush" });
    for (const config of [
      brokerConfig(given({ flags, environment })),
      brokerConfig(given({ flags, configPath })),
    ]) {
      expect(config.rocketmqAccessSecret?.reveal()).to.equal("hush");
      const shown = [JSON.stringify(config), inspect(config, { depth: 9 }), `${config.rocketmqAccessSecret}`];
      expect(shown.join()).to.include("(hidden)").and.not.include("hush");
    }
    const wrong = await file({ rocketmqAccessSecret: 4711 });
    expect(() => brokerConfig(given({ flags, configPath: wrong }))).to.throw(
      `"rocketmqAccessSecret" in ${wrong}: it is no text, or empty`,
    );
  });

  it("wants an access key and its secret together, and a key that fits into a header", () => {
    const environment = { LOGWHEEL_ROCKETMQ_ACCESS_SECRET: "hush" };
    const together = "rocketmqAccessKey and rocketmqAccessSecret belong together";
    expect(() => brokerConfig(given({ environment }))).to.throw(together);
    expect(() => brokerConfig(given({ flags: { rocketmqAccessKey: "ak" } }))).to.throw(together);
    const flags = { rocketmqAccessKey: "a/k" };
    expect(() => brokerConfig(given({ flags, environment }))).to.throw("--rocketmq-access-key");
  });

  it("wants a certificate and its key together, for both roles", () => {
    for (const read of [brokerConfig, nameServerConfig]) {
      for (const flags of [{ tlsCert: "a.pem" }, { tlsKey: "a.pem" }])
        expect(() => read(given({ flags }))).to.throw("tlsCert and tlsKey belong together");
      expect(read(given({ flags: { tlsCert: "a.pem", tlsKey: "b.pem" } })).tlsKey).to.equal("b.pem");
    }
  });

  it("says which file is missing or broken", async () => {
    const missing = join(folder, "missing.json");
    expect(() => brokerConfig(given({ configPath: missing }))).to.throw(
      `the settings file ${missing} cannot be read`,
    );
    const broken = await file("{");
    expect(() => brokerConfig(given({ configPath: broken }))).to.throw(
      `the settings file ${broken} cannot be read`,
    );
    const list = await file("[]");
    expect(() => brokerConfig(given({ configPath: list }))).to.throw("holds no JSON object");
  });
});
