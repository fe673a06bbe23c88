import type { Verb } from "./verb.js";

/** A word of the command line, with the file that knows its verbs: imported only when the word is used. */
export interface Noun {
  readonly describe: string;
  /** The noun is itself the one verb of its file. */
  readonly alone?: true;
  readonly load: () => Promise<{ readonly verbs: readonly Verb[] }>;
}

/** Everything that stands behind `logwheel`, in the order of its help. */
export const NOUNS: Readonly<Record<string, Noun>> = {
  dev: {
    describe: "Name server and broker in one process, for development",
    alone: true,
    load: () => import("./dev.js"),
  },
  server: { describe: "Start a name server, a broker or a gateway", load: () => import("./server.js") },
  topic: { describe: "Make, list, show, change and delete topics", load: () => import("./topic.js") },
  group: { describe: "Consumer groups: progress, pause, reset", load: () => import("./group.js") },
  message: { describe: "Send, look up and follow messages", load: () => import("./message.js") },
  tx: { describe: "Transactions that nobody has decided", load: () => import("./tx.js") },
  dlq: { describe: "Dead letters: list, show, send again, purge", load: () => import("./dlq.js") },
  delay: { describe: "Messages that are delivered later", load: () => import("./delay.js") },
  rocketmq: { describe: "Connected clients of RocketMQ 5", load: () => import("./rocketmq.js") },
  cluster: { describe: "The cluster as a whole", load: () => import("./cluster.js") },
  broker: { describe: "Brokers and their state", load: () => import("./broker.js") },
  store: { describe: "The log in a stopped broker's folder", load: () => import("./store.js") },
  bench: { describe: "Measure a cluster, or one that is started for it", load: () => import("./bench.js") },
  config: {
    describe: "Settings: what holds, and whether a file is right",
    load: () => import("./config.js"),
  },
  completion: {
    describe: "Print a completion script for a shell",
    alone: true,
    load: () => import("./completion.js"),
  },
  version: { describe: "Print the version", alone: true, load: () => import("./version.js") },
};

/** The noun that a command line is about: the first word that is one. */
export function nounOf(argv: readonly string[]): string | null {
  return argv.find((word) => Object.hasOwn(NOUNS, word)) ?? null;
}
