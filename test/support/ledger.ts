import { expect } from "chai";
import { createInbox, createOutbox, type Database, type Sender } from "../../client/outbox/index.js";
import type { Topic } from "../../client/sdk/topic.js";
import type { Lease, Message, SimpleConsumer } from "../../client/sdk/types.js";
import { Crash, Crashed } from "./crash.js";
import { column, emptyTables, type TestDatabase, within } from "./test-database.js";

/** Money on its way from a debited account to one that is to be credited. */
export interface Transfer {
  readonly to: string;
  readonly amount: number;
}

/** What a ledger is tried with. */
export interface LedgerOptions {
  readonly database: TestDatabase;
  readonly topic: Topic<Transfer>;
  readonly producer: Sender;
  readonly consumer: SimpleConsumer<Transfer>;
  readonly random: () => number;
}

const ACCOUNTS = ["alice", "bob", "carol", "dave"];
const START = 1_000;
const RECEIVES_MAX = 200;

/**
 * Accounts between which money moves by messages: debited in the transaction that adds the message to the outbox,
 * credited in the one that notes it in the inbox. Every process in between dies at any statement.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #outbox = createOutbox();
  readonly #inbox = createInbox({ group: "bank" });
  readonly counts = { transfers: 0, rolledBack: 0, crashes: 0, received: 0, repeated: 0 };

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await within(this.#options.database, async (database) => {
      await emptyTables(database);
      for (const name of ACCOUNTS)
        await database.query("INSERT INTO accounts (name, balance) VALUES (?, ?)", [name, START]);
    });
  }

  /** Some transfers, and whatever processes it takes until every one has arrived; then the accounts have to balance. */
  async round(): Promise<void> {
    const { database, random } = this.#options;
    for (let count = 1 + Math.floor(random() * 4); count > 0; count--)
      await this.#mayDie(random, 6, (it) => this.#transfer(it));
    for (let turn = 0; ; turn++) {
      // At first they die often, in the end never.
      const luck = turn < 4 ? random : () => 1;
      // What dead relays had claimed: as if their leases had run out.
      await within(database, (it) => it.query("UPDATE logwheel_outbox SET free_at = 0"));
      await Promise.all([1, 2].map(() => this.#mayDie(luck, 8, (it) => this.#relay(it))));
      await this.#consume(luck);
      const [waiting, missing] = await within(database, async (it) => [
        (await this.#outbox.counts(it)).waiting,
        (await numberOf(it, "SELECT COUNT(*) AS n FROM effects")) -
          (await numberOf(it, "SELECT COUNT(*) AS n FROM logwheel_inbox")),
      ]);
      if (waiting === 0 && missing === 0) break;
      if (turn > RECEIVES_MAX) throw new Error(`${waiting} messages wait, ${missing} have not arrived`);
    }
    await within(database, (it) => this.#check(it));
  }

  async #transfer(database: Database): Promise<void> {
    const { random, topic } = this.#options;
    const from = this.#account();
    const body = { to: this.#account(), amount: 1 + Math.floor(random() * 50) };
    const changesItsMind = random() < 0.2;
    try {
      await database.transaction(async (tx) => {
        await tx.query("UPDATE accounts SET balance = balance - ? WHERE name = ?", [body.amount, from]);
        const ordered = random() < 0.5 ? { orderingKey: from } : {};
        const id = await this.#outbox.add(tx, { topic, body, ...ordered });
        await tx.query("INSERT INTO effects (name) VALUES (?)", [
          JSON.stringify([id, from, body.to, body.amount]),
        ]);
        if (changesItsMind) throw new ChangedMind();
      });
      this.counts.transfers++;
    } catch (thrown) {
      if (!(thrown instanceof ChangedMind)) throw thrown;
      this.counts.rolledBack++;
    }
  }

  async #relay(database: Database): Promise<void> {
    const { producer } = this.#options;
    await this.#outbox.relay({ producer, database, batch: 3, logger: false }).pass();
  }

  async #consume(luck: () => number): Promise<void> {
    for (;;) {
      const messages = await this.#options.consumer.receive({ max: 32, waitMs: 20 });
      if (messages.length === 0) return;
      for (const message of messages) await this.#receive(message, luck);
    }
  }

  async #receive(message: Message<Transfer> & Lease, luck: () => number): Promise<void> {
    this.counts.received++;
    const { to, amount } = message.body;
    const died = await this.#mayDie(luck, 4, async (database) => {
      const { repeated } = await database.transaction((tx) =>
        this.#inbox.once(tx, message, () =>
          tx.query("UPDATE accounts SET balance = balance + ? WHERE name = ?", [amount, to]),
        ),
      );
      if (repeated) this.counts.repeated++;
    });
    // Whoever died has not acknowledged; the broker would wait for its lease.
    await (died ? message.nack({ delayMs: 1 }) : message.ack());
  }

  /** A process that may die at a statement; true: it did. */
  async #mayDie(
    luck: () => number,
    statements: number,
    work: (database: Database) => Promise<void>,
  ): Promise<boolean> {
    const when = luck() < 0.5 ? "before" : "after";
    const statement = 1 + Math.floor(luck() * statements);
    const crash = new Crash(luck() < 0.5 ? { statement, when } : null);
    const life = await this.#options.database.connect(crash);
    try {
      await work(life.database);
    } catch (thrown) {
      if (!(thrown instanceof Crashed)) throw thrown;
      this.counts.crashes++;
    } finally {
      await life.close();
    }
    return crash.happened;
  }

  /** Every account to the unit, by what committed transactions have noted; no message more or less than that. */
  async #check(database: Database): Promise<void> {
    const expected = new Map(ACCOUNTS.map((name) => [name, START]));
    const ids: string[] = [];
    for (const noted of await column(database, "effects", "name")) {
      const [id, from, to, amount] = JSON.parse(noted) as [string, string, string, number];
      expected.set(from, expected.get(from)! - amount);
      expected.set(to, expected.get(to)! + amount);
      ids.push(id);
    }
    const { rows } = await database.query("SELECT name, balance FROM accounts");
    const found = Object.fromEntries(rows.map(({ name, balance }) => [`${name}`, Number(balance)]));
    expect(found).to.deep.equal(Object.fromEntries(expected));
    expect(await column(database, "logwheel_inbox", "message_key")).to.have.members(ids);
  }

  #account(): string {
    return ACCOUNTS[Math.floor(this.#options.random() * ACCOUNTS.length)]!;
  }
}

class ChangedMind extends Error {}

async function numberOf(database: Database, sql: string): Promise<number> {
  return Number((await database.query(sql)).rows[0]?.["n"]);
}
