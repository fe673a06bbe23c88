import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./root.js";

const FREE = "127.0.0.1:0";

/** What takes the place of the hosts, ports and folders of a command line. */
export interface Places {
  /** Folder for everything that is written. */
  readonly folder: string;
  /** Stands for every name server. */
  readonly nameServer: string;
  /** Stands for the one server that a health check asks. */
  readonly server?: string;
  /** Settings files of ours by the path that the command line names. */
  readonly files?: ReadonlyMap<string, string>;
}

type Replace = (value: string) => string | Promise<string>;

/** The words with loopback, free ports and folders of a test's own; a settings file is copied and changed likewise. */
export async function relocated(args: readonly string[], places: Places): Promise<string[]> {
  const replace = replacements(places);
  const words: string[] = [];
  for (const [i, word] of args.entries()) {
    const option = args[i - 1]?.replace(/^--/, "") ?? "";
    const change = args[i - 1]?.startsWith("--") ? replace[option] : undefined;
    words.push(change === undefined ? word : await change(word));
  }
  return words;
}

function replacements(places: Places): Readonly<Record<string, Replace>> {
  const address = (): string => FREE;
  return {
    listen: address,
    advertise: address,
    metrics: address,
    namesrv: () => places.nameServer,
    server: () => places.server ?? places.nameServer,
    data: (value) => join(places.folder, value.replaceAll("/", "-")),
    config: (value) => copiedSettings(value, places),
  };
}

async function copiedSettings(path: string, places: Places): Promise<string> {
  const source = places.files?.get(path);
  if (source === undefined) throw new Error(`no file of ours stands for ${path}`);
  const settings = JSON.parse(await readFile(`${root}${source}`, "utf8")) as Record<string, unknown>;
  const { listen, advertise, metrics, namesrv, data } = replacements(places);
  const changes = { listen, advertise, metrics, namesrv, data };
  for (const [key, change] of Object.entries(changes))
    if (settings[key] !== undefined) settings[key] = await change?.(String(settings[key]));
  const copy = join(places.folder, source.replaceAll("/", "-"));
  await writeFile(copy, JSON.stringify(settings));
  return copy;
}
