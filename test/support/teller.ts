import type { ClusterClient } from "../../client/sdk/client.js";
import { topic } from "../../client/sdk/topic.js";
import type { TransactionalProducer, TxOutcome, TxReceipt } from "../../client/sdk/transaction-types.js";
import type { Message } from "../../client/sdk/types.js";
import type { Moment } from "./moments.js";

/** How a local transaction ends in its own database. */
export type Ending = "commit" | "rollback";

/** The database of local transactions, which survives whoever writes in it. */
export interface Ledger {
  find(transactionId: string): Ending | undefined;
  write(transactionId: string, ending: Ending, body: string): void;
}

/** One transaction: how it ends in the database, and what the producer gets to know of that. */
export interface Plan {
  readonly body: string;
  readonly ending: Ending;
  readonly says: "the ending" | "unknown" | "throws";
  /** The local transaction takes longer than the broker waits before it asks. */
  readonly slow: boolean;
}

const SAYS = {
  mixed: ["the ending", "the ending", "unknown", "throws"],
  decided: ["the ending"],
  asked: ["unknown", "throws"],
} as const;

/** Transactions in which there is something to die at, at a moment. */
export function plansFor(moment: Moment, random: () => number, count = 5): Plan[] {
  const kind =
    moment.includes("question") || moment.includes("answer")
      ? "asked"
      : moment.includes("decision")
        ? "decided"
        : "mixed";
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  return Array.from({ length: count }, (_, index) => ({
    body: `m${index}`,
    ending: pick(["commit", "rollback"] as const),
    says: pick(SAYS[kind]),
    slow: random() < 0.15,
  }));
}

/** What a teller works with. */
export interface TellerOptions {
  readonly client: ClusterClient;
  readonly topicName: string;
  readonly group: string;
  readonly ledger: Ledger;
  /** How long slow local transactions take; resolves afterwards. */
  slowly(): Promise<void>;
  /** A moment has come; what it returns never resolves if the process dies of it. */
  at(moment: Moment): Promise<void> | undefined;
}

/** A process that runs local transactions with messages, and answers by its database what became of them. */
export class Teller {
  /** What the caller of each transaction was told. */
  readonly told = new Map<string, TxReceipt | Error>();
  readonly #options: TellerOptions;
  readonly #producer: TransactionalProducer<Uint8Array>;
  /** Bodies of transactions that are not over. */
  readonly #running = new Set<string>();

  constructor(options: TellerOptions) {
    this.#options = options;
    const { client, topicName, group } = options;
    this.#producer = client.transactional({
      group,
      topics: [topic(topicName)],
      check: (message, { transactionId }) => this.#check(message, transactionId),
    });
  }

  /** Runs a transaction to its end. Never rejects. */
  async run({ body, ending, says, slow }: Plan): Promise<void> {
    const { topicName, ledger, at, slowly } = this.#options;
    this.#running.add(body);
    const message = { topic: topic(topicName), body: Buffer.from(body) };
    try {
      const receipt = await this.#producer.send(message, async ({ transactionId }): Promise<TxOutcome> => {
        if (slow) await slowly();
        ledger.write(transactionId, ending, body);
        await at("after the local transaction");
        if (says === "throws") throw new Error("the connection to the database broke");
        return says === "unknown" ? "unknown" : ending;
      });
      this.told.set(body, receipt);
    } catch (thrown) {
      this.told.set(body, thrown as Error);
    }
    this.#running.delete(body);
  }

  async #check({ body }: Message<Uint8Array>, transactionId: string): Promise<TxOutcome> {
    const { ledger, at } = this.#options;
    await at("before the answer");
    const found = ledger.find(transactionId);
    if (found !== undefined) return found;
    return this.#running.has(Buffer.from(body).toString()) ? "unknown" : "rollback";
  }
}
