import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own, in memory, that can be full. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Null where this user may not mount, or the system has no such file systems. */
  static async mount(mebibytes: number): Promise<SmallDisk | null> {
    const path = await mkdtemp(join(tmpdir(), "logwheel-small-"));
    if (run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "logwheel-test", path))
      return new SmallDisk(path);
    await rm(path, { recursive: true });
    return null;
  }

  /** Gives it another size; what is on it stays. */
  resize(mebibytes: number): void {
    if (!run("mount", "-o", `remount,size=${mebibytes}m`, this.path)) throw new Error("it cannot be resized");
  }

  /** Lets nobody write any more, or again. */
  readOnly(on: boolean): void {
    if (!run("mount", "-o", `remount,${on ? "ro" : "rw"}`, this.path))
      throw new Error("it cannot be remounted");
  }

  async unmount(): Promise<void> {
    run("umount", "-l", this.path);
    await rm(this.path, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
}
