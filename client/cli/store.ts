import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../../server/disk/files.js";
import type { Dumped } from "../../server/store/dump.js";
import { KIND } from "../../server/store/record.js";
import type { InspectProgress } from "../../server/store/stopped-log.js";
import { EXIT } from "./exit-code.js";
import { countOf } from "./option-value.js";
import { OUTPUT_OPTION, printable, showOne, showStream } from "./output.js";
import type { Terminal } from "./terminal.js";
import { verb } from "./verb.js";

const OPTIONS = {
  ...OUTPUT_OPTION,
  data: { type: "string", default: "./data", requiresArg: true, description: "Folder of the stopped broker" },
} as const;

/** `logwheel store …`. */
export const verbs = [
  verb({
    command: "verify",
    describe: "Check every byte of a stopped broker's log, and change nothing; exit code 1 if it is damaged",
    options: OPTIONS,
    async run({ data, output }, terminal) {
      const { verifyStore } = await import("../../server/store/verify.js");
      const report = await withProgress(terminal, "verifying", async (onProgress) =>
        verifyStore(await openFolder(data), { onProgress }),
      );
      await showOne(terminal, output, { sound: report.damage.length === 0, ...report });
      return report.damage.length === 0 ? EXIT.ok : EXIT.failure;
    },
  }),
  verb({
    command: "dump",
    describe: "Show the records of a stopped broker's log, oldest first",
    options: {
      ...OPTIONS,
      from: { type: "number", requiresArg: true, description: "Log offset to begin at" },
      to: { type: "number", requiresArg: true, description: "Log offset to end before" },
      kind: { choices: Object.keys(KIND) as (keyof typeof KIND)[], description: "Records of this kind only" },
      topic: { type: "string", requiresArg: true, description: "Messages of this topic only" },
    },
    async run({ data, output, from, to, kind, topic }, terminal) {
      if (from !== undefined) countOf("--from", from, 0);
      if (to !== undefined) countOf("--to", to, 0);
      if (from !== undefined && to !== undefined && from >= to)
        throw new LogwheelError("BAD_REQUEST", `--from: ${from} is not below --to, ${to}`);
      const { dumpStore } = await import("../../server/store/dump.js");
      const records = dumpStore(await openFolder(data), {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(kind === undefined ? {} : { kind }),
        ...(topic === undefined ? {} : { topic }),
      });
      await showStream(terminal, output, records, { json: (record) => record, table: tableLine });
      return undefined;
    },
  }),
  verb({
    command: "rebuild",
    describe: "Make all index files and views of a stopped broker's log again, from its records",
    options: OPTIONS,
    async run({ data, output }, terminal) {
      const { rebuildStore } = await import("../../server/store/rebuild.js");
      const done = await withProgress(terminal, "rebuilding", async (onProgress) =>
        rebuildStore(await openFolder(data), { onProgress }),
      );
      await showOne(terminal, output, done);
      return undefined;
    },
  }),
];

/** The folder, which is there and has a log: nothing may be made where somebody has mistyped a name. */
async function openFolder(data: string): Promise<Files> {
  const folder = resolve(data);
  const log = await stat(join(folder, "log")).catch(({ code, message }: NodeJS.ErrnoException) => {
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new LogwheelError("BAD_REQUEST", `${folder} cannot be read by this user: ${message}`);
  });
  if (log?.isDirectory() !== true)
    throw new LogwheelError(
      "BAD_REQUEST",
      `${folder} holds no log: name the broker's data folder with --data`,
    );
  const { NodeFiles } = await import("../../server/disk/node-files.js");
  return NodeFiles.open(folder);
}

async function withProgress<T>(
  terminal: Terminal,
  what: string,
  run: (onProgress: (progress: InspectProgress) => void) => Promise<T>,
): Promise<T> {
  try {
    return await run(({ file, doneBytes, totalBytes }) => {
      const percent = totalBytes === 0 ? 100 : Math.floor((100 * doneBytes) / totalBytes);
      terminal.progress(`${what}: ${percent} %  ${file}`);
    });
  } finally {
    terminal.progress("");
  }
}

const CONTENT_CHARACTERS = 120;

function tableLine(record: Dumped): string {
  if ("damage" in record) return `${record.damage.from}-${record.damage.to}  damage  ${record.file}`;
  const { logOffset, kind, storedAt, topic, queueId, queueOffset, dueAt, durable } = record;
  const place = topic === undefined ? [] : [`${topic}/${queueId}/${queueOffset ?? dueAt}`];
  const content =
    record.message ?? record.payload ?? record.settles ?? (durable === undefined ? undefined : { durable });
  const text = content === undefined ? "" : JSON.stringify(content);
  const shown = text.length > CONTENT_CHARACTERS ? `${text.slice(0, CONTENT_CHARACTERS)}…` : text;
  return [String(logOffset), kind, storedAt, ...place, ...(text === "" ? [] : [printable(shown)])].join("  ");
}
