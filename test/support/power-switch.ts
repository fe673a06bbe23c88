import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const DISK_MIB = 256;

/**
 * Ends a mounted file system as a power cut does: nothing that is not on the disk gets there any more, its journal neither
 * (FS_IOC_SHUTDOWN, number 125 of type X, with the flag "no log flush"). It waits for a line: a process takes its time to
 * start, in which a broker has flushed what the cut should take.
 */
const SHUTDOWN = `
import fcntl, os, struct, sys
print("ready", flush=True)
if sys.stdin.readline():
    fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))
`;

/** A disk of its own, an ext4 file system on a loop device, whose power can be cut. Needs root. */
export class PowerSwitch {
  /** Where the disk is mounted while it has power. */
  readonly path: string;
  readonly #folder: string;
  readonly #image: string;
  /** The process that will cut the power. */
  #cutter: ChildProcessWithoutNullStreams | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#image = join(folder, "disk");
    this.path = join(folder, "mounted");
  }

  /** Why there can be none here; null if there can. */
  static async impossible(): Promise<string | null> {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      return "cutting the power needs root on Linux";
    const device = await access("/dev/loop-control").then(
      () => true,
      () => false,
    );
    if (!device) return "cutting the power needs a loop device: run with --privileged";
    let trial: PowerSwitch | undefined;
    try {
      trial = await PowerSwitch.open();
      await trial.cut();
      return null;
    } catch (thrown) {
      const { stderr, message } = thrown as { stderr?: string; message: string };
      return `cutting the power does not work here: ${stderr?.trim() || message}`;
    } finally {
      await trial?.close();
    }
  }

  /** A new disk, mounted. */
  static async open(): Promise<PowerSwitch> {
    const disk = new PowerSwitch(await mkdtemp(join(tmpdir(), "logwheel-power-")));
    try {
      await mkdir(disk.path);
      await run("truncate", ["--size", `${DISK_MIB}M`, disk.#image]);
      await run("mkfs.ext4", ["-q", "-F", disk.#image]);
      await disk.restore();
      return disk;
    } catch (thrown) {
      await disk.close();
      throw thrown;
    }
  }

  /** The power goes. Whoever has files open there gets errors from now on. */
  async cut(): Promise<void> {
    const cutter = this.#cutter!;
    let said = "";
    cutter.stderr.on("data", (bytes: Buffer) => {
      said += bytes;
    });
    const ended = once(cutter, "close");
    cutter.stdin.end("now\n");
    const [code] = await ended;
    if (code !== 0) throw new Error(said.trim().split("\n").at(-1));
  }

  /** Takes the disk away when nobody uses it any more, and mounts it again, as after a start of the machine. */
  async reboot(): Promise<void> {
    await run("umount", [this.path]);
    await this.restore();
  }

  async restore(): Promise<void> {
    await run("mount", ["-o", "loop", this.#image, this.path]);
    const cutter = spawn("python3", ["-c", SHUTDOWN, this.path]);
    this.#cutter = cutter;
    const [said] = await Promise.race([once(cutter.stdout, "data"), once(cutter, "close")]);
    if (!Buffer.isBuffer(said)) throw new Error("python3 ends before it is asked to do anything");
  }

  async close(): Promise<void> {
    this.#cutter?.stdin.end();
    await run("umount", ["--lazy", this.path]).catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }
}
