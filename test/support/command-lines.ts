import { readFile } from "node:fs/promises";
import { root } from "./root.js";

/** A command line that a file tells people, or a container engine, or systemd to run. */
export interface CommandLine {
  /** Where it stands, for people. */
  readonly where: string;
  /** Words behind `logwheel`. */
  readonly args: readonly string[];
}

/** The file's text; the path is from the repository's root. */
export function textOf(path: string): Promise<string> {
  return readFile(`${root}${path}`, "utf8");
}

/** `CMD` and the health check of a Dockerfile. */
export async function dockerfileCommands(path: string): Promise<CommandLine[]> {
  const text = await textOf(path);
  const found = [...text.matchAll(/^(\s*)CMD (\[.*\])$/gm)];
  return found.map(([, indent, list]) => ({
    where: `${path}, ${indent === "" ? "CMD" : "HEALTHCHECK"}`,
    args: withoutName(JSON.parse(list ?? "[]")),
  }));
}

/** One service of a compose file. */
export interface ComposeService {
  readonly name: string;
  readonly command: CommandLine;
  readonly health: CommandLine;
  /** Files of ours by the path under which the container sees them. */
  readonly mounts: ReadonlyMap<string, string>;
  /** As written: `outside:inside`. */
  readonly ports: readonly string[];
}

/** The services of a compose file, whose lists are written in brackets. */
export async function composeServices(path: string): Promise<ComposeService[]> {
  const text = (await textOf(path)).replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1");
  const services = text.slice(text.indexOf("\nservices:"), text.indexOf("\nvolumes:"));
  return services
    .split(/\n {2}(?=[a-z][\w-]*:\n)/)
    .slice(1)
    .map((block) => serviceOf(path, block));
}

function serviceOf(path: string, block: string): ComposeService {
  const name = block.slice(0, block.indexOf(":"));
  const list = (key: string): string[] => {
    const [, items = "[]"] = new RegExp(`^ +${key}:\\s+(\\[[^\\]]*\\])$`, "m").exec(block) ?? [];
    return JSON.parse(items.replace(/,\s*\]$/, "]"));
  };
  const mounts = list("volumes").flatMap((volume): [string, string][] => {
    const [outside = "", inside = ""] = volume.split(":");
    return outside.startsWith("./") ? [[inside, `deploy/${outside.slice(2)}`]] : [];
  });
  return {
    name,
    command: { where: `${path}, ${name}`, args: list("command") },
    health: { where: `${path}, health check of ${name}`, args: withoutName(list("test").slice(1)) },
    mounts: new Map(mounts),
    ports: list("ports"),
  };
}

/** `ExecStart` of a systemd unit, for one instance. */
export async function unitCommand(path: string, instance: string): Promise<CommandLine> {
  const [, line = ""] = /^ExecStart=\S*\/(logwheel .*)$/m.exec(await textOf(path)) ?? [];
  return { where: path, args: withoutName(line.replaceAll("%i", instance).split(" ")) };
}

/** Lines of a document's shell blocks that begin with `logwheel`. */
export async function documentCommands(path: string): Promise<CommandLine[]> {
  const text = await textOf(path);
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const lines = blocks.flatMap((block) => block.split("\n")).filter((line) => /^(npx )?logwheel /.test(line));
  return lines.map((line) => ({
    where: `${path}: ${line}`,
    args: withoutName(line.replace(/^npx /, "").split(" ")),
  }));
}

/** The shell block that follows a heading of a document. */
export async function blockUnder(path: string, heading: string): Promise<string> {
  const text = await textOf(path);
  const at = text.indexOf(`\n## ${heading}\n`);
  const [, block] = /^```sh\n([\s\S]*?)^```$/m.exec(text.slice(at)) ?? [];
  if (at < 0 || block === undefined) throw new Error(`${path} has no shell block under ${heading}`);
  return block;
}

function withoutName(words: readonly string[]): string[] {
  const [name, ...args] = words;
  if (name !== "logwheel" && words.length > 0 && name?.startsWith("-") !== true)
    throw new Error(`${words.join(" ")} does not start logwheel`);
  return name === "logwheel" ? args : [...words];
}
