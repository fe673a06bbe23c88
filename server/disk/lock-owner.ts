import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** A process, told apart from all others that ever ran. Empty text where the operating system does not tell. */
export interface Owner {
  readonly pid: number;
  /** Clock ticks from the machine's start to the process's. */
  readonly start: string;
  /** The machine's current run; another one after a restart. */
  readonly boot: string;
  /** Where process ids mean this: containers count their own. */
  readonly namespace: string;
  readonly host: string;
}

/** The running process. */
export async function thisProcess(): Promise<Owner> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return {
    pid: process.pid,
    start: (await startOf(process.pid)) ?? "",
    boot: boot.slice(0, 8),
    namespace: namespace.replace(/\D/g, ""),
    host: hostname(),
  };
}

/** One line without spaces, at most 59 bytes with a container's host name: such a link needs no block on ext4. */
export function formatOwner({ pid, start, boot, namespace, host }: Owner): string {
  return `${pid}.${start}.${boot}.${namespace}@${host}`;
}

/** Null for text that `formatOwner` does not write. */
export function parseOwner(text: string): Owner | null {
  const parts = /^([1-9]\d{0,9})\.(\d*)\.([0-9a-f]*)\.(\d*)@(.+)$/.exec(text);
  if (parts === null) return null;
  const [, pid = "", start = "", boot = "", namespace = "", host = ""] = parts;
  return { pid: Number(pid), start, boot, namespace, host };
}

/** The name of a process's door (`lock-door.ts`): no two processes of one run of a machine have the same. */
export function doorOf({ pid, start, namespace }: Owner): string {
  return `${pid}.${start}.${namespace}.door`;
}

/** "unknown": it ran on another host, or in another container and without a door. */
export type OwnerState = "alive" | "ended" | "unknown";

/**
 * Whether `owner` still runs, as `me` can tell: by its process id within one container, by its door within one machine.
 * Another run of a machine of the same name has ended. Of another machine nothing is known.
 */
export async function ownerState(
  owner: Owner,
  me: Owner,
  door: () => Promise<"open" | "shut" | "missing">,
): Promise<OwnerState> {
  if (owner.boot !== me.boot) return owner.host === me.host ? "ended" : "unknown";
  if (me.boot === "" && owner.host !== me.host) return "unknown";
  if (owner.namespace === me.namespace) return (await runs(owner)) ? "alive" : "ended";
  const state = await door();
  if (state === "missing") return "unknown";
  return state === "open" ? "alive" : "ended";
}

async function runs(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const found = await startOf(owner.pid);
  return found === undefined || owner.start === "" || found === owner.start;
}

/** Undefined where the operating system does not tell, "dead" for a process that only waits to be collected. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  if (stat === null) return undefined;
  // The second field is the program's name in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return /^[ZXx]$/.test(fields[0] ?? "") ? "dead" : fields[19];
}
