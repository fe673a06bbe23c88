import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unitCommand } from "./command-lines.js";
import { mustRun } from "./program.js";
import { relocated } from "./relocation.js";
import { root } from "./root.js";
import { launcher, ServerProcess } from "./server-process.js";

/**
 * A machine as docs/deploy.md assumes it, in a temporary folder: broker units that `systemctl` starts and stops, their
 * data, backups, and `logwheel` on the path. The name server is a process beside it.
 */
export class Units {
  readonly nameServer: string;
  readonly #folder: string;

  private constructor(folder: string, nameServer: string) {
    this.#folder = folder;
    this.nameServer = nameServer;
  }

  static async open(): Promise<Units> {
    const folder = await mkdtemp(join(tmpdir(), "logwheel-units-"));
    const nameServer = await ServerProcess.start(["server", "namesrv", "--listen", "127.0.0.1:0"]);
    for (const name of ["bin", "units", "lib"]) await mkdir(join(folder, name));
    await symlink(join(root, "test/deploy/systemctl.sh"), join(folder, "bin/systemctl"));
    const program = `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`;
    await writeFile(join(folder, "bin/logwheel"), program);
    await chmod(join(folder, "bin/logwheel"), 0o755);
    return new Units(folder, nameServer.address());
  }

  /** Starts the unit of one broker as its unit file says, from the settings file of broker a. */
  async start(instance: string): Promise<void> {
    const line = await unitCommand("deploy/systemd/logwheel-broker@.service", instance);
    const files = new Map([[`/etc/logwheel/broker-${instance}.json`, "deploy/systemd/broker-a.json"]]);
    const places = { folder: this.#folder, nameServer: this.nameServer, files };
    const args = await relocated(line.args, places);
    args[args.indexOf("--data") + 1] = join(this.#folder, `lib/broker-${instance}`);
    const words = [process.execPath, launcher, ...args, "--name", `broker-${instance}`];
    await writeFile(join(this.#folder, `units/logwheel-broker@${instance}.command`), words.join(" "));
    await this.run(`systemctl start logwheel-broker@${instance}`);
  }

  /** Runs a shell block of the document, with this machine's folders in place of the real ones. */
  run(block: string): Promise<string> {
    const text = block
      .replaceAll("/var/lib/logwheel", join(this.#folder, "lib"))
      .replaceAll("/var/backups/logwheel", join(this.#folder, "backups"));
    const environment = {
      PATH: `${join(this.#folder, "bin")}:${process.env["PATH"]}`,
      UNITS: join(this.#folder, "units"),
      LOGWHEEL_NAMESRV: this.nameServer,
    };
    return mustRun("bash", ["-euo", "pipefail", "-c", text], { environment, boundMs: 60_000 });
  }

  /** Kills every unit that still runs and removes the folder. */
  async close(): Promise<void> {
    const units = join(this.#folder, "units");
    for (const name of await readdir(units))
      if (name.endsWith(".pid")) process.kill(Number(await readFile(join(units, name), "utf8")), "SIGKILL");
    await ServerProcess.killAll();
    await rm(this.#folder, { recursive: true, maxRetries: 5 });
  }
}
