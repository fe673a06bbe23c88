import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./program.js";
import { until } from "./until.js";

/** Whom the servers run as: they refuse to be root. */
interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** A database server of this machine's packages, on a free port of loopback, with a folder of its own. */
export interface DatabaseServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Where a server of PostgreSQL is; null: not on this machine. */
export async function findPostgres(): Promise<string | null> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : `/usr/lib/postgresql/${newest}/bin`;
}

/** The server of MariaDB; null: not on this machine. Debian has it where only root looks. */
export async function findMariadb(): Promise<string | null> {
  for (const program of ["mariadbd", "/usr/sbin/mariadbd"])
    if ((await runProgram(program, ["--version"])).code === 0) return program;
  return null;
}

/** Starts PostgreSQL; user `logwheel`, database `postgres`, no password. `connects` says when it is ready. */
export async function startPostgres(
  bin: string,
  connects: (port: number) => Promise<boolean>,
): Promise<DatabaseServer> {
  const place = await placeOf("postgres");
  const data = join(place.folder, "data");
  await prepare(
    join(bin, "initdb"),
    ["-D", data, "-A", "trust", "-U", "logwheel", "--no-sync", "-E", "UTF8"],
    place,
  );
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${place.port}`,
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=50",
  ].flatMap((setting) => ["-c", setting]);
  return serve(join(bin, "postgres"), ["-D", data, ...settings], "SIGINT", place, connects);
}

/** Starts MariaDB; user `root`, database `test`, no password. `connects` says when it is ready. */
export async function startMariadb(
  program: string,
  connects: (port: number) => Promise<boolean>,
): Promise<DatabaseServer> {
  const place = await placeOf("mariadb");
  const data = join(place.folder, "data");
  const own = ["--no-defaults", `--datadir=${data}`];
  await prepare("mariadb-install-db", [...own, "--auth-root-authentication-method=normal"], place);
  const settings = [
    "--bind-address=127.0.0.1",
    `--port=${place.port}`,
    `--socket=${join(place.folder, "socket")}`,
    `--pid-file=${join(place.folder, "pid")}`,
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
  ];
  return serve(program, [...own, ...settings], "SIGTERM", place, connects);
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly user: User;
}

async function placeOf(name: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), `logwheel-${name}-`));
  const user = await plainUser();
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
  return { folder, port: await freePort(), user };
}

async function plainUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const ids = await Promise.all(["-u", "-g"].map((flag) => runProgram("id", [flag, "nobody"])));
  const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
  return { uid: uid!, gid: gid! };
}

async function prepare(program: string, args: readonly string[], { folder, user }: Place): Promise<void> {
  const child = spawn(program, args, { ...user, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const said = outputOf(child);
  const code = await ended(child);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said()}`);
}

async function serve(
  program: string,
  args: readonly string[],
  signal: NodeJS.Signals,
  { folder, port, user }: Place,
  connects: (port: number) => Promise<boolean>,
): Promise<DatabaseServer> {
  const child = spawn(program, args, { ...user, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const said = outputOf(child);
  let gone = false;
  const end = ended(child).then(() => {
    gone = true;
  });
  await until(`${program} takes connections`, async () => gone || (await connects(port)), 30_000);
  if (gone) throw new Error(`${program} ended: ${said()}`);
  return {
    port,
    async stop() {
      child.kill(signal);
      await end;
      await rm(folder, { recursive: true });
    },
  };
}

function outputOf(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => {
      text = (text + bytes).slice(-4_000);
    });
  return () => text;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
