import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { ClusterClient } from "../../client/sdk/client.js";
import { seeded } from "../../client/testing/seeded.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { type Moment, TappedNetwork } from "./moments.js";
import { type Ending, type Ledger, plansFor, Teller } from "./teller.js";

/** What a process of a group is told to do: its only argument, as JSON. */
export interface TellerOrders {
  readonly nameServer: string;
  readonly topicName: string;
  readonly seed: number;
  /** A file that survives it. */
  readonly ledger: string;
  readonly checkAfterMs: number;
  /** When to kill whom; without it, it only answers questions. */
  readonly kill?: { readonly moment: Moment; readonly pid: number | "itself" };
}

/** Lines of a file: transaction, ending and body. */
class FileLedger implements Ledger {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  find(transactionId: string): Ending | undefined {
    if (!existsSync(this.#path)) return undefined;
    const lines = readFileSync(this.#path, "utf8").split("\n");
    const line = lines.find((each) => each.startsWith(`${transactionId} `));
    return line?.split(" ")[1] as Ending | undefined;
  }

  write(transactionId: string, ending: Ending, body: string): void {
    appendFileSync(this.#path, `${transactionId} ${ending} ${body}\n`);
  }
}

async function work(orders: TellerOrders): Promise<void> {
  const { nameServer, topicName, seed, kill, checkAfterMs } = orders;
  const random = seeded(seed);
  let left = kill === undefined ? Number.POSITIVE_INFINITY : Math.floor(random() * 2);
  const pass = (moment: Moment): void => {
    if (moment === "after the half append")
      systemClock.after(checkAfterMs - random() * 20, () => pass("before the question"));
    if (moment !== kill?.moment || left-- !== 0) return;
    process.stdout.write("killed\n");
    process.kill(kill.pid === "itself" ? process.pid : kill.pid, "SIGKILL");
    network.lose();
  };
  const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random });
  const network = new TappedNetwork(connect, pass);
  const client = new ClusterClient({
    connect: network.connect,
    clock: systemClock,
    random,
    logger: silentLogger,
    endpoints: [nameServer],
    host: hostname(),
    requestTimeoutMs: 3_000,
    retry: undefined,
  });
  await client.start({ timeoutMs: 10_000 });
  const teller = new Teller({
    client,
    topicName,
    group: topicName,
    ledger: new FileLedger(orders.ledger),
    slowly: () => systemClock.sleep(checkAfterMs * (1 + random())),
    at: (moment) => {
      pass(moment);
      return undefined;
    },
  });
  process.stdout.write("ready\n");
  if (kill === undefined) return;
  const runs = plansFor(kill.moment, random).map(async (plan) => {
    await systemClock.sleep(random() * 30);
    await teller.run(plan);
    const told = teller.told.get(plan.body)!;
    process.stdout.write(`told ${plan.body} ${told instanceof Error ? "error" : told.outcome}\n`);
  });
  await Promise.all(runs);
}

if (process.argv[2] !== undefined) await work(JSON.parse(process.argv[2]) as TellerOrders);
