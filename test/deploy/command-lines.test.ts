import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import {
  type CommandLine,
  composeServices,
  dockerfileCommands,
  documentCommands,
  textOf,
  unitCommand,
} from "../support/command-lines.js";
import { runProgram } from "../support/program.js";
import { relocated } from "../support/relocation.js";
import { root } from "../support/root.js";
import { ServerProcess } from "../support/server-process.js";
import { skip } from "../support/skip.js";

const UNITS = {
  namesrv: "deploy/systemd/logwheel-namesrv.service",
  broker: "deploy/systemd/logwheel-broker@.service",
};
const COMPOSE = "deploy/compose.yaml";

describe("command lines of deploy/ and docs/deploy.md", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-deploy-"));
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  async function nameServer(): Promise<string> {
    const server = await ServerProcess.start(["server", "namesrv", "--listen", "127.0.0.1:0"]);
    return server.address();
  }

  /** Each server has folders of its own, as in a container. */
  async function start(
    line: CommandLine,
    to: string,
    files?: ReadonlyMap<string, string>,
  ): Promise<ServerProcess> {
    const own = await mkdtemp(join(folder, "server-"));
    const places = { folder: own, nameServer: to, ...(files === undefined ? {} : { files }) };
    return ServerProcess.start(devPorts(await relocated(line.args, places)));
  }

  it("the image says how it is used when no role is given, and its health check asks a broker (A14-02)", async () => {
    const [health, command] = await dockerfileCommands("deploy/Dockerfile");
    expect(command?.args).to.deep.equal(["--help"]);
    expect((await ServerProcess.run(command?.args ?? [])).code).to.equal(0);
    const broker = await ServerProcess.start([
      ...["server", "broker", "--namesrv", await nameServer()],
      ...["--listen", "127.0.0.1:0", "--data", join(folder, "data")],
    ]);
    const server = broker.address();
    const check = await relocated(health?.args ?? [], { folder, nameServer: server, server });
    expect((await ServerProcess.run(check)).code).to.equal(0);
    await broker.stop();
    expect((await ServerProcess.run(check)).code).to.not.equal(0);
  });

  it("the image runs as user 10001, keeps its data in a volume and copies what it runs", async () => {
    const text = await textOf("deploy/Dockerfile");
    expect(text)
      .to.match(/^USER 10001:10001$/m)
      .and.to.match(/^VOLUME \/data$/m);
    const [, launcher] = /ln -s \/opt\/logwheel\/(\S+)/.exec(text) ?? [];
    expect(JSON.parse(await textOf("package.json")).bin.logwheel).to.equal(launcher);
    const ignored = (await textOf("deploy/Dockerfile.dockerignore")).split("\n");
    const needed = [...text.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    for (const name of needed) expect(ignored).to.include(`!${name}`);
    expect(await readdir(root)).to.include.members(needed);
  });

  it("compose starts a name server and two brokers that clients find, and each is healthy (A14-01, A14-06)", async () => {
    const [first, ...brokers] = await composeServices(COMPOSE);
    if (first === undefined) throw new Error("no service");
    const namesrv = await start(first.command, "127.0.0.1:1", first.mounts);
    const to = namesrv.address();
    const started = await Promise.all(brokers.map((service) => start(service.command, to, service.mounts)));
    expect(started.map((broker) => /broker (\S+) ready/.exec(broker.readyLine)?.[1])).to.deep.equal([
      "broker-a",
      "broker-b",
    ]);
    for (const broker of started) expect(broker.readyLine).to.include("registered with 1 of 1 name servers");
    for (const [i, { health }] of [first, ...brokers].entries()) {
      const server = [namesrv, ...started][i]?.address() ?? "";
      const check = await relocated(health.args, { folder, nameServer: to, server });
      expect((await ServerProcess.run(check)).code, health.where).to.equal(0);
    }
  });

  it("compose advertises the port that it publishes, and checks the one that is listened on", async () => {
    for (const { name, command, health, ports } of (await composeServices(COMPOSE)).slice(1)) {
      const option = (args: readonly string[], flag: string): string => args[args.indexOf(flag) + 1] ?? "";
      const [, listened] = option(command.args, "--listen").split(":");
      expect(ports, name).to.deep.equal([`${listened}:${listened}`]);
      expect(option(command.args, "--advertise"), name).to.equal(`localhost:${listened}`);
      expect(option(health.args, "--server"), name).to.equal(`127.0.0.1:${listened}`);
      expect(option(command.args, "--name"), name).to.equal(name);
    }
  });

  it("the systemd units start a name server and a broker that finds it", async () => {
    const files = new Map([
      ["/etc/logwheel/namesrv.json", "deploy/systemd/namesrv.json"],
      ["/etc/logwheel/broker-a.json", "deploy/systemd/broker-a.json"],
    ]);
    const namesrv = await start(await unitCommand(UNITS.namesrv, ""), "127.0.0.1:1", files);
    const broker = await start(await unitCommand(UNITS.broker, "a"), namesrv.address(), files);
    expect(broker.readyLine).to.include("broker broker-a ready").and.include("registered with 1 of 1");
    expect(await broker.stop()).to.deep.equal({ code: 0, signal: null });
    expect(await namesrv.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it("a unit waits longer for the end than the broker takes", async () => {
    for (const unit of Object.values(UNITS)) {
      const text = await textOf(unit);
      expect(text)
        .to.match(/^TimeoutStopSec=60$/m)
        .and.to.match(/^KillSignal=SIGTERM$/m);
      expect(text)
        .to.match(/^User=logwheel$/m)
        .and.to.match(/^Restart=on-failure$/m);
    }
  });

  it("systemd finds nothing wrong with the units", async function () {
    if ((await runProgram("systemd-analyze", ["--version"])).code !== 0)
      skip(this, "systemd is not installed here");
    for (const unit of Object.values(UNITS)) {
      const copy = join(folder, basename(unit));
      await writeFile(copy, (await textOf(unit)).replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
      const { code, stderr } = await runProgram("systemd-analyze", ["verify", "--man=no", copy]);
      expect([code, stderr]).to.deep.equal([0, ""]);
    }
  });

  it("every server of docs/deploy.md starts, and every other line is understood", async () => {
    const lines = await documentCommands("docs/deploy.md");
    expect(lines.length).to.be.above(8);
    const to = await nameServer();
    for (const line of lines) {
      if (line.args[0] === "server" || line.args[0] === "dev") {
        const server = await start(line, to);
        expect(await server.stop(), line.where).to.deep.equal({ code: 0, signal: null });
      } else expect((await ServerProcess.run([...line.args, "--help"])).code, line.where).to.equal(0);
    }
  });

  for (const [role, files] of Object.entries({
    namesrv: ["deploy/compose/namesrv.json", "deploy/systemd/namesrv.json"],
    broker: ["deploy/compose/broker.json", "deploy/systemd/broker-a.json"],
  }))
    for (const file of files)
      it(`${file} is a right settings file`, async () => {
        const { code, stderr } = await ServerProcess.run(["config", "validate", role, `${root}${file}`]);
        expect([code, stderr]).to.deep.equal([
          0,
          `${root}${file} is right for a ${role === "broker" ? "broker" : "name server"}\n`,
        ]);
      });
});

/** `dev` has fixed ports unless told otherwise. */
function devPorts(args: readonly string[]): string[] {
  return args[0] === "dev" ? [...args, "--namesrv", "127.0.0.1:0", "--listen", "127.0.0.1:0"] : [...args];
}
