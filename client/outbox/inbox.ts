import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import { atLeast } from "../sdk/consume-settings.js";
import { isPromise } from "../sdk/decoding.js";
import { NOW_MS, tableName, textOf } from "./dialect.js";
import { InboxLeases } from "./inbox-leases.js";
import { insertUnlessThere, parsedResult, resultText } from "./inbox-rows.js";
import { checkId, OUTBOX_ID } from "./stored-message.js";
import { TABLES } from "./tables.js";
import type {
  Dialect,
  Handled,
  Inbox,
  InboxLease,
  InboxMessage,
  InboxOptions,
  LeaseOptions,
  Rows,
  Session,
  SyncSession,
} from "./types.js";

/** Handled messages in a table, by group and key, for whichever database a session is of. */
export class TableInbox<M extends InboxMessage> implements Inbox<M> {
  readonly #group: string;
  readonly #table: string;
  readonly #key: (message: M) => string;
  readonly #results: boolean;
  readonly #leases: InboxLeases;

  /** `newId` gives ids that nobody else has. */
  constructor(options: InboxOptions<M>, newId: () => string) {
    const { group, table = TABLES.inbox, key = keyOf, results = false } = options;
    checkGroupName(group);
    this.#group = group;
    this.#table = tableName(table);
    this.#key = key;
    this.#results = results;
    this.#leases = new InboxLeases({ group, table: this.#table, results, newId });
  }

  async once<T>(tx: Session, message: M, handle: () => T | Promise<T>): Promise<Handled<T>> {
    const place = this.#placeOf(message);
    const { affected } = await tx.query(insertDone(this.#table, tx.dialect), place);
    if (affected === 0) return this.#repeated(await tx.query(this.#select(tx.dialect), place));
    const result = await handle();
    const text = this.#textOf(result);
    if (text !== null) await tx.query(this.#update(), [text, ...place]);
    return { repeated: false, result };
  }

  onceSync<T>(tx: SyncSession, message: M, handle: () => T): Handled<T> {
    if (tx.inTransaction === false)
      throw new LogwheelError(
        "BAD_REQUEST",
        "onceSync is called outside a transaction: a handler that throws could not be undone",
      );
    const place = this.#placeOf(message);
    const { affected } = tx.querySync(insertDone(this.#table, tx.dialect), place);
    if (affected === 0) return this.#repeated(tx.querySync(this.#select(tx.dialect), place));
    const result = handle();
    if (isPromise(result)) {
      // Also where the caller does not roll back: it is not handled yet.
      tx.querySync(`DELETE FROM ${this.#table} WHERE consumer_group = ? AND message_key = ?`, place);
      result.then(undefined, () => {});
      throw new LogwheelError("BAD_REQUEST", "the handler of onceSync returns a promise: use once for it");
    }
    const text = this.#textOf(result);
    if (text !== null) tx.querySync(this.#update(), [text, ...place]);
    return { repeated: false, result };
  }

  lease<T>(
    session: Session,
    message: M,
    handle: (lease: InboxLease) => T | Promise<T>,
    { leaseMs = 30_000 }: LeaseOptions = {},
  ): Promise<Handled<T>> {
    return this.#leases.run(session, this.#placeOf(message), handle, atLeast("leaseMs", leaseMs, 1));
  }

  async purge(session: Session, { olderThanMs }: { readonly olderThanMs: number }): Promise<number> {
    const ms = Math.round(atLeast("olderThanMs", olderThanMs, 0));
    const before = `${NOW_MS[session.dialect]} - ?`;
    const { affected } = await session.query(
      `DELETE FROM ${this.#table} WHERE consumer_group = ? AND noted_at < ${before}
       AND (lease_until IS NULL OR lease_until < ${before})`,
      [this.#group, ms, ms],
    );
    return affected;
  }

  #placeOf(message: M): [group: string, key: string] {
    const key = this.#key(message);
    checkId(key);
    return [this.#group, key];
  }

  /** What a row tells that was there already. */
  #repeated<T>({ rows }: Rows): Handled<T> {
    const [row] = rows;
    if (row !== undefined && textOf(row["state"]) !== "done")
      throw new LogwheelError(
        "CONFLICT",
        `a lease of the group ${this.#group} has this message: use once or lease for it, not both`,
      );
    return { repeated: true, result: this.#results ? parsedResult<T>(row?.["result"]) : undefined };
  }

  #textOf(result: unknown): string | null {
    return this.#results ? resultText(result) : null;
  }

  /** Reads what is committed now: a snapshot of MySQL's may be older than the row. */
  #select(dialect: Dialect): string {
    const lock = dialect === "mysql" ? " LOCK IN SHARE MODE" : "";
    return `SELECT state, result FROM ${this.#table} WHERE consumer_group = ? AND message_key = ?${lock}`;
  }

  #update(): string {
    return `UPDATE ${this.#table} SET result = ? WHERE consumer_group = ? AND message_key = ?`;
  }
}

/** By what a message is known: the id that an outbox gave it, whichever broker message it came in, or else its own. */
function keyOf({ id, properties }: InboxMessage): string {
  return properties?.[OUTBOX_ID] ?? id;
}

/** Notes that a message is handled; waits for a transaction that has noted it too and has not ended. */
function insertDone(table: string, dialect: Dialect): string {
  return insertUnlessThere(dialect, table, "state, noted_at", `'done', ${NOW_MS[dialect]}`);
}
