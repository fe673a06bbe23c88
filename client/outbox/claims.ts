import type { OutMessage } from "../sdk/types.js";
import { despiteDeadlocks } from "./deadlock.js";
import { bytesOf, NOW_MS, placeholders, textOf } from "./dialect.js";
import { restoredMessage } from "./stored-message.js";
import type { Database, Rows, Session } from "./types.js";

/** A message that this relay may send. */
export interface Claim {
  readonly row: number;
  readonly id: string;
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly topic: string;
  readonly orderingKey: string | null;
  /** Throws CODEC if the row was damaged. */
  message(): OutMessage<Uint8Array>;
}

/** Messages to send one after the other: one without an ordering key, or several of one key. */
export type Chain = readonly Claim[];

/** How a relay claims. */
export interface ClaimsOptions {
  readonly table: string;
  readonly batch: number;
  readonly leaseMs: number;
  /** By what its claims are told from those of other relays. */
  readonly name: string;
}

const ERROR_LENGTH_MAX = 1_000;
const COLUMNS = "o.id, o.message_id, o.topic, o.ordering_key, o.attributes, o.body, o.attempts";

/**
 * What of the table belongs to one relay. A row is claimed by its name and until when; whoever has the first row of a
 * key has the key, since nobody else can claim a row while an earlier one of its key is there.
 */
export class Claims {
  readonly #database: Database;
  readonly #options: ClaimsOptions;
  readonly #now: string;

  constructor(database: Database, options: ClaimsOptions) {
    this.#database = database;
    this.#options = options;
    this.#now = NOW_MS[database.dialect];
  }

  /** Claims what is free, oldest first. */
  async take(): Promise<Chain[]> {
    const heads = claimsOf(await despiteDeadlocks(() => this.#takeHeads()));
    const behind = await this.#takeBehind(heads.filter(({ orderingKey }) => orderingKey !== null));
    return heads.map((head) => [head, ...behind.filter((other) => sameKey(head, other))]);
  }

  /** Deletes what a broker has acknowledged. */
  async sent(claims: readonly Claim[]): Promise<void> {
    await this.#change("DELETE FROM @table", [], claims);
  }

  /** Leaves what could not be sent for later. */
  async failed(claims: readonly Claim[], error: string, delayMs: number): Promise<void> {
    const set = `attempts = attempts + 1, last_error = ?, claimed_by = NULL, free_at = ${this.#now} + ?`;
    await this.#change(`UPDATE @table SET ${set}`, [cut(error), Math.round(delayMs)], claims);
  }

  /** Puts away what no broker will take. */
  async parked(claims: readonly Claim[], error: string): Promise<void> {
    const set = `attempts = attempts + 1, last_error = ?, claimed_by = NULL, parked_at = ${this.#now}`;
    await this.#change(`UPDATE @table SET ${set}`, [cut(error)], claims);
  }

  /** Gives back what was not tried. */
  async released(claims: readonly Claim[]): Promise<void> {
    await this.#change("UPDATE @table SET claimed_by = NULL, free_at = 0", [], claims);
  }

  #takeHeads(): Promise<Rows> {
    const { batch, leaseMs, name, table } = this.#options;
    const lease = [name, leaseMs];
    const set = `claimed_by = ?, free_at = ${this.#now} + ?`;
    const free = `o.parked_at IS NULL AND o.free_at <= ${this.#now} AND (o.ordering_key IS NULL OR NOT EXISTS (
      SELECT 1 FROM ${table} e WHERE e.topic = o.topic AND e.ordering_key = o.ordering_key AND e.id < o.id))`;
    const oldest = `FROM ${table} o WHERE ${free} ORDER BY o.id LIMIT ${batch}`;
    switch (this.#database.dialect) {
      case "sqlite": {
        const returned = COLUMNS.replaceAll("o.", "");
        return this.#database.alone(
          `UPDATE ${table} SET ${set} WHERE id IN (SELECT o.id ${oldest}) RETURNING ${returned}`,
          lease,
        );
      }
      case "postgres":
        return this.#database.alone(
          `WITH free AS MATERIALIZED (SELECT o.id ${oldest} FOR UPDATE SKIP LOCKED)
           UPDATE ${table} o SET ${set} FROM free WHERE o.id = free.id RETURNING ${COLUMNS}`,
          lease,
        );
      case "mysql":
        return this.#database.transaction(
          async (tx) => {
            const found = await tx.query(`SELECT ${COLUMNS} ${oldest} FOR UPDATE SKIP LOCKED`);
            await claim(tx.query, table, set, lease, found);
            return found;
          },
          // Repeatable read would lock the gaps too, and with them everybody's inserts.
          { isolation: "READ COMMITTED" },
        );
    }
  }

  /** What stands behind these in order, as far as nothing in between is parked or still with an earlier owner. */
  async #takeBehind(heads: readonly Claim[]): Promise<Claim[]> {
    if (heads.length === 0) return [];
    const { batch, leaseMs, name, table } = this.#options;
    const ids = heads.map(({ row }) => row);
    const found = await this.#database.alone(
      `SELECT ${COLUMNS}, CASE WHEN o.parked_at IS NULL AND o.free_at <= ${this.#now} THEN 1 ELSE 0 END AS free
       FROM ${table} o JOIN ${table} h ON h.topic = o.topic AND h.ordering_key = o.ordering_key AND h.id < o.id
       WHERE h.id IN (${placeholders(ids)}) ORDER BY o.id LIMIT ${batch}`,
      ids,
    );
    const held = new Set<string>();
    const rows = found.rows.filter((row) => {
      const key = JSON.stringify([textOf(row["topic"]), textOf(row["ordering_key"])]);
      if (Number(row["free"]) !== 1) held.add(key);
      return !held.has(key);
    });
    const set = `claimed_by = ?, free_at = ${this.#now} + ?`;
    const lease = [name, leaseMs];
    await despiteDeadlocks(() => claim(this.#database.alone, table, set, lease, { rows, affected: 0 }));
    return claimsOf({ rows, affected: 0 });
  }

  async #change(statement: string, values: readonly unknown[], claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const ids = claims.map(({ row }) => row);
    const where = `WHERE id IN (${placeholders(ids)}) AND claimed_by = ?`;
    const sql = `${statement.replace("@table", this.#options.table)} ${where}`;
    const all = [...values, ...ids, this.#options.name];
    await despiteDeadlocks(() => this.#database.alone(sql, all));
  }
}

async function claim(
  query: Session["query"],
  table: string,
  set: string,
  lease: readonly unknown[],
  { rows }: Rows,
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => Number(id));
  await query(`UPDATE ${table} SET ${set} WHERE id IN (${placeholders(ids)})`, [...lease, ...ids]);
}

function claimsOf({ rows }: Rows): Claim[] {
  return rows.map(claimOf).sort((a, b) => a.row - b.row);
}

function claimOf(row: Readonly<Record<string, unknown>>): Claim {
  const topic = textOf(row["topic"]);
  const orderingKey = row["ordering_key"] === null ? null : textOf(row["ordering_key"]);
  return {
    row: Number(row["id"]),
    id: textOf(row["message_id"]),
    attempts: Number(row["attempts"]),
    topic,
    orderingKey,
    message: () =>
      restoredMessage({
        topic,
        orderingKey,
        attributes: textOf(row["attributes"]),
        body: bytesOf(row["body"]),
      }),
  };
}

function sameKey(one: Claim, other: Claim): boolean {
  return one.orderingKey !== null && one.orderingKey === other.orderingKey && one.topic === other.topic;
}

function cut(error: string): string {
  return error.replaceAll("\0", " ").slice(0, ERROR_LENGTH_MAX);
}
