import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { TABLES } from "../../../server/config.js";
import { flagsOf, optionsOf } from "../../../server/settings/options.js";
import { variableOf } from "../../../server/settings/table.js";
import { root } from "../../support/root.js";

describe("options of settings", () => {
  it("has the flags that scripts depend on", () => {
    const broker = ["name", "namesrv", "listen", "advertise", "data", "flush", "metrics", "accept-damage"];
    expect(Object.keys(optionsOf(TABLES.broker))).to.include.members(broker);
    expect(Object.keys(optionsOf(TABLES.namesrv))).to.include.members(["listen", "metrics"]);
  });

  it("shows the default in the help and leaves the value to be resolved", () => {
    const option = optionsOf(TABLES.broker)["segment-bytes"];
    expect(option?.defaultDescription).to.equal("256MiB");
    expect(option).to.not.have.property("default");
  });

  it("has no flag for a secret: everybody on a machine sees the command lines", () => {
    expect(Object.keys(optionsOf(TABLES.broker)))
      .to.include("rocketmq-access-key")
      .and.not.include("rocketmq-access-secret");
  });

  it("moves parsed flags to their keys", () => {
    const flags = flagsOf(TABLES.broker, { "segment-bytes": "1MiB", other: 1 });
    expect(flags["segmentBytes"]).to.equal("1MiB");
    expect(flags).to.not.have.property("other");
  });

  it("explains every setting in a sentence that ends, and names no variable twice", () => {
    for (const table of Object.values(TABLES)) {
      for (const [key, setting] of Object.entries(table))
        expect(setting.doc, key).to.match(/^[^a-z].*\.$|^sync:.*\.$/s);
      const variables = Object.keys(table).map(variableOf);
      expect(new Set(variables).size).to.equal(variables.length);
    }
  });

  it("has no setting that nobody reads", async () => {
    const processes = ["broker-process", "name-server-process", "serving", "process", "main", "config"];
    const texts = await Promise.all(processes.map((name) => readFile(`${root}server/${name}.ts`, "utf8")));
    const read = texts.join("\n");
    for (const table of Object.values(TABLES))
      for (const key of Object.keys(table)) expect(read, key).to.match(new RegExp(`\\b${key}\\b`));
  });
});
