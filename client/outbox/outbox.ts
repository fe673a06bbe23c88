import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { atLeast } from "../sdk/consume-settings.js";
import { guardedLogger } from "../sdk/guarded-logger.js";
import type { OutMessage } from "../sdk/types.js";
import { warningLogger } from "../sdk/warning-logger.js";
import { Claims } from "./claims.js";
import { NOW_MS, placeholders, tableName, textOf } from "./dialect.js";
import { OutboxRelay } from "./relay.js";
import { storedMessage } from "./stored-message.js";
import type {
  AddOptions,
  Dialect,
  Outbox,
  OutboxCounts,
  ParkedMessage,
  Relay,
  RelayOptions,
  Session,
  SyncSession,
} from "./types.js";

/** What an outbox stands on. */
export interface OutboxDeps {
  readonly table: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** An id that nobody else has or will have. */
  readonly newId: () => string;
}

const BATCH_MAX = 1_000;

/** Messages in a table, for whichever database a session is of. */
export class TableOutbox implements Outbox {
  readonly #deps: OutboxDeps;
  readonly #table: string;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#table = tableName(deps.table);
  }

  async add<T>(tx: Session, message: OutMessage<T>, options: AddOptions = {}): Promise<string> {
    const { id = this.#deps.newId() } = options;
    await tx.query(this.#insert(tx.dialect), this.#rowOf(message, id));
    return id;
  }

  addSync<T>(tx: SyncSession, message: OutMessage<T>, options: AddOptions = {}): string {
    const { id = this.#deps.newId() } = options;
    tx.querySync(this.#insert(tx.dialect), this.#rowOf(message, id));
    return id;
  }

  relay(options: RelayOptions): Relay {
    const { database, producer, logger = warningLogger } = options;
    const { clock, random, newId } = this.#deps;
    const batch = atLeast("batch", options.batch ?? 100, 1);
    if (batch > BATCH_MAX)
      throw new LogwheelError(
        "BAD_REQUEST",
        `batch is ${batch}; at most ${BATCH_MAX} messages are claimed at once`,
      );
    const leaseMs = atLeast("leaseMs", options.leaseMs ?? 60_000, 2);
    const sendTimeoutMs = atLeast("sendTimeoutMs", options.sendTimeoutMs ?? Math.min(15_000, leaseMs / 2), 1);
    if (sendTimeoutMs > leaseMs / 2)
      throw new LogwheelError(
        "BAD_REQUEST",
        `sendTimeoutMs is ${sendTimeoutMs}: no more than half of leaseMs, ${leaseMs}, is safe from another relay`,
      );
    return new OutboxRelay({
      producer,
      claims: new Claims(database, { table: this.#table, batch, leaseMs, name: newId() }),
      clock,
      random,
      logger: logger === false ? silentLogger : guardedLogger(logger),
      pollMs: atLeast("pollMs", options.pollMs ?? 1_000, 1),
      batch,
      leaseMs,
      sendTimeoutMs,
      retryMaxMs: atLeast("retryMaxMs", options.retryMaxMs ?? 60_000, 1),
      attemptsMax: atLeast("attemptsMax", options.attemptsMax ?? Number.POSITIVE_INFINITY, 1),
    });
  }

  async counts(session: Session): Promise<OutboxCounts> {
    const { rows } = await session.query(
      `SELECT COUNT(*) AS total, COUNT(parked_at) AS parked,
         MIN(CASE WHEN parked_at IS NULL THEN added_at END) AS oldest FROM ${this.#table}`,
    );
    const { total, parked, oldest } = rows[0] ?? {};
    return {
      waiting: Number(total) - Number(parked),
      parked: Number(parked),
      oldestAddedAt: oldest === null ? null : new Date(Number(oldest)),
    };
  }

  async parked(session: Session, limit = 100): Promise<readonly ParkedMessage[]> {
    const most = Math.floor(atLeast("limit", limit, 1));
    const { rows } = await session.query(
      `SELECT message_id, topic, ordering_key, attempts, last_error, added_at, parked_at
       FROM ${this.#table} WHERE parked_at IS NOT NULL ORDER BY id LIMIT ${most}`,
    );
    return rows.map((row) => ({
      id: textOf(row["message_id"]),
      topic: textOf(row["topic"]),
      orderingKey: row["ordering_key"] === null ? null : textOf(row["ordering_key"]),
      attempts: Number(row["attempts"]),
      lastError: textOf(row["last_error"]),
      addedAt: new Date(Number(row["added_at"])),
      parkedAt: new Date(Number(row["parked_at"])),
    }));
  }

  retry(session: Session, ids: readonly string[]): Promise<number> {
    return this.#ofParked(session, `UPDATE ${this.#table} SET parked_at = NULL, free_at = 0`, ids);
  }

  remove(session: Session, ids: readonly string[]): Promise<number> {
    return this.#ofParked(session, `DELETE FROM ${this.#table}`, ids);
  }

  async #ofParked(session: Session, statement: string, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const where = `WHERE parked_at IS NOT NULL AND message_id IN (${placeholders(ids)})`;
    return (await session.query(`${statement} ${where}`, ids)).affected;
  }

  #rowOf<T>(message: OutMessage<T>, id: string): unknown[] {
    const { topic, orderingKey, attributes, body } = storedMessage(message, id, this.#deps.clock.nowMs());
    return [id, topic, orderingKey, attributes, body];
  }

  #insert(dialect: Dialect): string {
    return `INSERT INTO ${this.#table} (message_id, topic, ordering_key, attributes, body, added_at, free_at)
      VALUES (?, ?, ?, ?, ?, ${NOW_MS[dialect]}, 0)`;
  }
}
