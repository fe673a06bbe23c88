import { basename } from "node:path";
import { importsOf, type SourceFile } from "./source-file.js";

/** Looks at one file and says what is wrong with it; empty when nothing is. */
export type Rule = (file: SourceFile) => string[];

/** Each room may import itself and the rooms named here. Anything else is an architecture error. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  "proto/gen": [],
  "proto/http2": [],
  "proto/kernel": ["proto/gen", "proto/http2"],
  proto: ["proto/gen", "proto/kernel"],
  "server/disk": ["proto/kernel"],
  "server/store": ["proto/gen", "proto/kernel", "server/disk"],
  "server/nameserver": ["proto/gen", "proto/kernel"],
  "server/broker": ["proto/gen", "proto/kernel", "server/disk", "server/store"],
  "server/gateway": ["proto/gen", "proto/kernel"],
  "server/settings": ["proto/kernel"],
  server: [
    "proto/gen",
    "proto/kernel",
    "server/settings",
    "server/disk",
    "server/store",
    "server/broker",
    "server/nameserver",
    "server/gateway",
  ],
  "client/sdk": ["proto/gen", "proto/kernel"],
  "client/outbox": ["proto/kernel", "client/sdk"],
  client: ["proto/kernel", "client/sdk"],
  "client/cli": ["proto/gen", "proto/kernel", "client/sdk", "client", "client/cli/bench"],
  "client/cli/bench": ["proto/kernel", "client"],
  // A cluster in one process knows both sides, as `logwheel dev` does.
  "client/testing": [
    "proto/kernel",
    "client/sdk",
    "server",
    "server/settings",
    "server/disk",
    "server/store",
    "server/broker",
    "server/nameserver",
  ],
};

/** Whatever may stand anywhere below: it uses the product and is no part of it. */
const OUTSIDE = ["test", "bench", "examples"];

/** The verbs that start servers or open their folders. No other file of the client knows the server. */
const SERVER_VERBS = [
  "client/cli/dev.ts",
  "client/cli/server.ts",
  "client/cli/store.ts",
  "client/cli/config.ts",
  "client/cli/bench/storage.ts",
];

/** Which files may import a package. A package that is missing here may not be imported at all. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@grpc/grpc-js": ["proto/kernel/"],
  "@grpc/proto-loader": ["proto/kernel/", "proto/generate.ts"],
  level: ["server/store/"],
  "abstract-level": ["server/store/"],
  pino: ["server/logger.ts"],
  "prom-client": ["server/metrics"],
  yargs: ["client/cli/"],
};

/** Calls and modules that have one home each, so that tests can replace what stands behind them. */
const SEAMS: readonly { readonly what: RegExp; readonly name: string; readonly homes: readonly string[] }[] =
  [
    { name: "Date.now", what: /\bDate\.now\b|\bnew Date\(\)/, homes: ["proto/kernel/clock.ts"] },
    { name: "performance.now", what: /\bperformance\.now\b|\bhrtime\b/, homes: ["proto/kernel/clock.ts"] },
    { name: "setTimeout", what: /\bsetTimeout\b/, homes: ["proto/kernel/clock.ts"] },
    { name: "setInterval", what: /\bsetInterval\b/, homes: [] },
    {
      name: "Math.random",
      what: /\bMath\.random\b/,
      homes: ["server/main.ts", "client/sdk/connect.ts", "client/outbox/create.ts"],
    },
    {
      name: "crypto random",
      what: /\brandom(Bytes|UUID|Int|FillSync|Fill)\b|\bgetRandomValues\b/,
      homes: ["client/outbox/create.ts"],
    },
    {
      name: "node:fs",
      what: /"(node:)?fs(\/promises)?"/,
      homes: [
        "server/disk/",
        "server/settings/file.ts",
        "proto/generate.ts",
        "proto/kernel/descriptor.ts",
        "proto/kernel/proto-codec.ts",
        "client/cli/",
      ],
    },
    {
      name: "sockets",
      what: /"(node:)?(net|http|https|http2|tls|dgram|dns)"/,
      homes: ["proto/kernel/grpc-", "server/metrics-http.ts", "server/disk/lock-door.ts"],
    },
    {
      name: "child processes",
      what: /"node:(child_process|cluster)"|"child_process"/,
      homes: ["client/cli/bench", "proto/generate.ts"],
    },
    { name: "process.exit", what: /\bprocess\.exit\(/, homes: ["client/cli/", "server/main.ts"] },
  ];

/** In tests only these are looked for: a test that reads a clock or sleeps is slow, or fails now and then. */
const TEST_SEAMS = ["setTimeout", "setInterval", "Math.random"];
/** Tests of real processes and disks, and what tests stand on. */
const TEST_HOMES = ["test/support/", "test/integration/", "test/chaos/", "test/tidy"];

const NAMES_BANNED = /(^|[/-])(utils?|helpers?|common|base|impl|managers?)([.-]|\/|$)/;
const LINES_MAX = 400;

/** Split, so that this file does not find itself. */
const LOOSE_ENDS = new RegExp(
  [
    `\\b(it|describe)\\.(on${"ly"}|sk${"ip"})\\(`,
    `\\bTO${"DO"}\\b`,
    `\\bFIX${"ME"}\\b`,
    `@ts-${"ignore"}`,
  ].join("|"),
);

/** Imports go down the floors only. */
export const floors: Rule = (file) => {
  const room = roomOf(file.path);
  if (room === null)
    return OUTSIDE.some((tree) => file.path.startsWith(`${tree}/`)) ? [] : ["stands in no room"];
  const allowed = [room, ...(FLOORS[room] ?? [])];
  return importsOf(file).flatMap(({ from, target }) => {
    if (target === null) return [];
    const other = roomOf(target);
    if (other !== null && allowed.includes(other)) return [];
    if (other?.startsWith("server") && SERVER_VERBS.includes(file.path)) return [];
    return [`imports ${from}: ${room} does not stand on ${other ?? target}`];
  });
};

/** Each package is imported where it belongs. */
export const packages: Rule = (file) => {
  if (OUTSIDE.some((tree) => file.path.startsWith(`${tree}/`))) return [];
  return importsOf(file).flatMap(({ from }) => {
    if (from.startsWith(".") || from.startsWith("#") || from.startsWith("node:")) return [];
    const name = from.split("/", from.startsWith("@") ? 2 : 1).join("/");
    return at(file, PACKAGES[name] ?? []) ? [] : [`imports ${from}, which has its place elsewhere`];
  });
};

/** A clock, timer, disk, socket or die is used in its seam only. */
export const seams: Rule = (file) => {
  const test = file.path.startsWith("test/");
  if (at(file, ["bench/", "examples/", ...TEST_HOMES])) return [];
  return SEAMS.flatMap(({ name, what, homes }) => {
    if ((test && !TEST_SEAMS.includes(name)) || at(file, homes)) return [];
    return linesWith(file, what).map((line) => `line ${line}: ${name} outside its seam`);
  });
};

/** No folder or file with a name that says nothing. */
export const names: Rule = (file) =>
  NAMES_BANNED.test(file.path) ? ["name says nothing about its content"] : [];

/** Kebab-case files. */
export const kebab: Rule = (file) =>
  /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.[cm]?ts$/.test(basename(file.path))
    ? []
    : ["file name is not kebab-case"];

/** At most 400 lines. */
export const size: Rule = (file) => {
  const lines = file.text.split("\n").length - 1;
  return lines <= LINES_MAX ? [] : [`has ${lines} lines, more than ${LINES_MAX}: which two things is it?`];
};

/** Nothing left for later, no test switched off or singled out. */
export const looseEnds: Rule = (file) =>
  file.text
    .split("\n")
    .flatMap((line, i) => (LOOSE_ENDS.test(line) ? [`line ${i + 1}: ${line.trim()}`] : []));

/** Every rule that looks at one file. */
export const RULES: Readonly<Record<string, Rule>> = {
  floors,
  packages,
  seams,
  names,
  kebab,
  size,
  looseEnds,
};

/** Where a program starts: no source imports these. */
const ENTRIES = [
  "client/cli/bench/orphan.ts",
  "client/index.ts",
  "client/outbox/index.ts",
  "client/testing/index.ts",
  "client/cli/logwheel.cts",
  "proto/generate.ts",
];

/** Sources that no other source imports. */
export function orphans(files: readonly SourceFile[]): string[] {
  const product = files.filter((file) => !OUTSIDE.some((tree) => file.path.startsWith(`${tree}/`)));
  const imported = new Set(product.flatMap((file) => importsOf(file).map(({ target }) => target)));
  return product.map((file) => file.path).filter((path) => !imported.has(path) && !ENTRIES.includes(path));
}

/** Rings of files that import each other's values, each as the path that leads back to its start. */
export function cycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(files.map((file) => [file.path, valueTargets(file)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push([...trail.slice(seen), path].join(" -> "));
    if (seen >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

function valueTargets(file: SourceFile): string[] {
  return importsOf(file).flatMap(({ target, typeOnly, lazy }) =>
    target === null || typeOnly || lazy ? [] : [target],
  );
}

/** The room with the longest name that the path lies in. */
function roomOf(path: string): string | null {
  const rooms = Object.keys(FLOORS).filter((room) => path.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? null;
}

function at(file: SourceFile, places: readonly string[]): boolean {
  return places.some((place) => file.path.startsWith(place));
}

function linesWith(file: SourceFile, what: RegExp): number[] {
  return file.code.split("\n").flatMap((line, i) => (what.test(line) ? [i + 1] : []));
}
