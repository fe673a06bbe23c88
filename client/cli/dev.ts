import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { TABLES } from "../../server/config.js";
import { flagsOf, optionsOf } from "../../server/settings/options.js";
import { NAME_SERVER } from "./connection.js";
import { invocation } from "./invocation.js";
import { verb } from "./verb.js";

/** Takes the first send; small, and gone with the retention. */
const PROBE_TOPIC = "logwheel-dev";

const { "auto-create-topics": _, advertise: __, ...options } = optionsOf(TABLES.broker);

/** `logwheel dev`. */
export const verbs = [
  verb({
    command: "dev",
    describe: "Name server and broker in one process, for development: topics are made at their first send",
    options: {
      ...options,
      namesrv: { ...options["namesrv"], description: "Where the name server listens" },
      config: { type: "string", requiresArg: true, description: "JSON file with settings of the broker" },
    },
    async run({ config: configPath, ...rest }, { environment }) {
      const { runDev } = await import("../../server/main.js");
      const flags = { logLevel: "warn", ...defined(flagsOf(TABLES.broker, rest)), autoCreateTopics: true };
      return runDev({ flags, environment, configPath }, { probe, hints });
    },
  }),
];

function defined(flags: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

/** What a machine that is busy with other things does to a send; it goes by. */
const SLOW: readonly ErrorCode[] = ["TIMEOUT", "THROTTLED", "CONNECTION_LOST"];
const ANSWER_MS = 60_000;

/** Resolves once a message of a client was acknowledged, however long the machine takes; rejects when it is refused. */
async function probe(nameServer: string): Promise<void> {
  const { connect, topic } = await import("../index.js");
  const client = await connect({ endpoints: nameServer, logger: false, requestTimeoutMs: ANSWER_MS });
  try {
    const producer = client.producer();
    for (let sent = false; !sent; )
      sent = await producer.send({ topic: topic(PROBE_TOPIC), body: Buffer.from("ready?") }).then(
        () => true,
        (thrown: unknown) => {
          if (LogwheelError.is(thrown) && SLOW.includes(thrown.code)) return false;
          throw thrown;
        },
      );
  } finally {
    await client.close();
  }
}

function hints(nameServer: string): string[] {
  const command = invocation(process.argv[1] ?? "logwheel", process.cwd());
  const at = nameServer === NAME_SERVER ? "" : ` --namesrv ${nameServer}`;
  return [
    `try:  ${command} message send "hello" --topic demo${at}`,
    `      ${command} message tail demo --from earliest${at}`,
  ];
}
