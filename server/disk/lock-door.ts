import { open, readdir, rename, rm } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";

/** What a socket's address may hold on every system. */
const ADDRESS_BYTES_MAX = 100;

/**
 * A listening socket in a folder. The kernel closes it with its process, and shows that to everyone on the machine, in
 * whatever container: unlike a process id, which means something within one container only.
 */
export class LockDoor {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Null where the file system, or a full disk, takes no socket; "taken" where another one of this name is open. */
  static async open(folder: string, name: string): Promise<LockDoor | "taken" | null> {
    if ((await doorState(folder, name)) === "open") return "taken";
    // An orderly exit removes a socket by the name that it was made with. What is left must say "shut", not nothing.
    const madeAs = `${name}.new`;
    const server = await withAddress(folder, madeAs, listen).catch(() => null);
    if (server === null) return null;
    try {
      await rename(join(folder, madeAs), join(folder, name));
    } catch {
      server.close();
      return null;
    }
    return new LockDoor(server, join(folder, name));
  }

  async close(): Promise<void> {
    await new Promise<void>((closed) => this.#server.close(() => closed()));
    await rm(this.#path, { force: true });
  }
}

/** Clears away what dead processes left. Only for who holds the lock: others may still want to knock. */
export async function removeShutDoors(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.includes(".door") && (await doorState(folder, name)) === "shut") {
      await rm(join(folder, name), { force: true });
    }
  }
}

/** Whether a process listens behind a door; "shut": none does any more; "missing": there is none, or none to be asked. */
export function doorState(folder: string, name: string): Promise<"open" | "shut" | "missing"> {
  return withAddress(folder, name, knock);
}

function knock(address: string): Promise<"open" | "shut" | "missing"> {
  return new Promise((answer) => {
    const socket = createConnection(address);
    socket.on("connect", () => answer("open"));
    socket.on("connect", () => socket.destroy());
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED") answer("shut");
      else answer(code === "EAGAIN" ? "open" : "missing");
    });
  });
}

function listen(address: string): Promise<Server> {
  return new Promise((listening, failed) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", failed);
    server.listen(address, () => listening(server));
    server.unref();
  });
}

/** A path that is too long for an address is taken through a descriptor of its folder, which Linux allows. */
async function withAddress<T>(
  folder: string,
  name: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= ADDRESS_BYTES_MAX) return use(path);
  const handle = await open(folder, "r");
  try {
    return await use(`/proc/self/fd/${handle.fd}/${name}`);
  } finally {
    await handle.close();
  }
}
