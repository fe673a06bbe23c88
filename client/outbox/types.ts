import type { Logger } from "../../proto/kernel/logger.js";
import type { CallOptions, OutMessage, SendReceipt } from "../sdk/types.js";

/** A family of databases. MariaDB is `mysql`. */
export type Dialect = "postgres" | "mysql" | "sqlite";

/** What a statement came to. */
export interface Rows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows an INSERT, UPDATE or DELETE touched. */
  readonly affected: number;
}

/** One connection of the caller's own driver, in whatever transaction the caller has begun on it. */
export interface Session {
  readonly dialect: Dialect;
  /** Runs one statement; its parameters are written `?` whatever the database. Rejects with what the driver throws. */
  query(sql: string, params?: readonly unknown[]): Promise<Rows>;
}

/** A session whose driver answers at once: SQLite's. */
export interface SyncSession extends Session {
  /** The same as `query`, without a promise. Throws what the driver throws. */
  querySync(sql: string, params?: readonly unknown[]): Rows;
  /** Whether a transaction is open; undefined where the driver does not tell. */
  readonly inTransaction?: boolean | undefined;
}

/** A pool or a connection that can begin transactions of its own. */
export interface Database extends Session {
  /** Commits when `run` returns and rolls back when it throws; rejects with what it throws. */
  transaction<T>(run: (tx: Session) => T | Promise<T>, options?: TransactionOptions): Promise<T>;
  /** One statement, committed with it. Rejects with CONFLICT where it is known to be in a transaction already. */
  alone(sql: string, params?: readonly unknown[]): Promise<Rows>;
}

/** How a transaction is to begin. */
export interface TransactionOptions {
  /** By default that of the connection. SQLite has one only. */
  readonly isolation?: "READ COMMITTED";
}

/** Where an outbox is. */
export interface OutboxOptions {
  /** `logwheel_outbox` by default; may name a schema. */
  readonly table?: string;
}

/** How a message is put into the outbox. */
export interface AddOptions {
  /**
   * What an inbox knows the message by, 1 to 255 characters; a random one by default. Adding an id that is in the table
   * already fails like any other violation of a unique index.
   */
  readonly id?: string;
}

/** What an outbox holds. */
export interface OutboxCounts {
  /** Messages that a relay has still to send, those under way included. */
  readonly waiting: number;
  /** Messages that no relay will send before somebody says so. */
  readonly parked: number;
  /** Wall clock of the database when the oldest waiting message was added; null if none waits. */
  readonly oldestAddedAt: Date | null;
}

/** A message that could not be sent. */
export interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly orderingKey: string | null;
  readonly attempts: number;
  /** Code and sentence of the last refusal. */
  readonly lastError: string;
  readonly addedAt: Date;
  readonly parkedAt: Date;
}

/** Messages that are stored in the caller's own transaction and sent afterwards. */
export interface Outbox {
  /**
   * Stores a message in the transaction that `tx` is in: it is sent if that commits, and never if it does not. Resolves
   * with its id. `delayMs` counts from this call. Rejects with BAD_REQUEST, MESSAGE_TOO_LARGE or CODEC for a message that no
   * broker would take.
   */
  add<T>(tx: Session, message: OutMessage<T>, options?: AddOptions): Promise<string>;
  /**
   * The same within a function that must not wait, such as one given to `transaction` of better-sqlite3. Throws BAD_REQUEST
   * outside a transaction, where the driver tells, and for a `handle` that returns a promise.
   */
  addSync<T>(tx: SyncSession, message: OutMessage<T>, options?: AddOptions): string;
  /** Makes a relay; `start()` starts it. */
  relay(options: RelayOptions): Relay;
  counts(session: Session): Promise<OutboxCounts>;
  /** The oldest parked messages, `limit` (100) of them at most. */
  parked(session: Session, limit?: number): Promise<readonly ParkedMessage[]>;
  /** Has parked messages sent again. Resolves with how many. */
  retry(session: Session, ids: readonly string[]): Promise<number>;
  /** Deletes parked messages, and lets what waits behind them go. Resolves with how many. */
  remove(session: Session, ids: readonly string[]): Promise<number>;
}

/** What a relay sends with: a producer of the SDK. */
export interface Sender {
  send(message: OutMessage<Uint8Array>, options?: CallOptions): Promise<SendReceipt>;
}

/** How a relay works. */
export interface RelayOptions {
  readonly producer: Sender;
  /** A pool, or a connection that nothing else uses. */
  readonly database: Database;
  /** How long it sleeps when the outbox was empty; 1,000 ms by default. `wake()` ends the sleep. */
  readonly pollMs?: number;
  /** Messages claimed at once, 1 to 1,000; 100 by default. */
  readonly batch?: number;
  /** How long claimed messages belong to this relay if it dies; 60,000 ms by default. */
  readonly leaseMs?: number;
  /** How long one send may take; 15,000 ms by default, half of `leaseMs` at most. */
  readonly sendTimeoutMs?: number;
  /** Longest wait before a message that could not be sent is tried again; 60,000 ms by default. */
  readonly retryMaxMs?: number;
  /** Parks a message after so many attempts, whatever the reason. By default only what brokers refuse for good is parked. */
  readonly attemptsMax?: number;
  /** Hears of parked messages and of databases that fail. By default warnings go to the console. */
  readonly logger?: Logger | false;
}

/** What one pass, or all of them, did. */
export interface RelayStats {
  /** Acknowledged by a broker and deleted from the table. */
  readonly sent: number;
  /** Left for another attempt. */
  readonly failed: number;
  readonly parked: number;
}

/** Sends what committed transactions have put into the outbox. */
export interface Relay extends AsyncDisposable {
  /** Begins to poll; further calls do nothing. */
  start(): void;
  /** Claims no more and resolves when what is under way has its answer. The relay can be started again. */
  stop(): Promise<void>;
  /** Looks into the outbox now; for the line behind a commit. */
  wake(): void;
  /** One look without `start()`: claims, sends, deletes. Rejects when the database fails. */
  pass(): Promise<RelayStats>;
  readonly stats: RelayStats;
}

/** What an inbox has to know of a message, or of any other request. */
export interface InboxMessage {
  readonly id: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Whose inbox it is, and by what it knows messages. */
export interface InboxOptions<M extends InboxMessage = InboxMessage> {
  /** Who handles: the same message is handled once in each group. */
  readonly group: string;
  /** `logwheel_inbox` by default; may name a schema. */
  readonly table?: string;
  /** 1 to 255 characters; by default the id that an outbox gave the message, or else the message's own. */
  readonly key?: (message: M) => string;
  /** Stores what handlers return, as JSON, and gives it back on a repeat; false by default. */
  readonly results?: boolean;
}

/** What became of a message that an inbox was given. */
export interface Handled<T> {
  /** It had been handled before, and the handler was not called. */
  readonly repeated: boolean;
  /** What the handler returned; on a repeat what it returned the first time, or undefined without `results`. */
  readonly result: T | undefined;
}

/** What the handler of a lease may want to know. */
export interface InboxLease {
  /** By what the inbox knows the message: an idempotency key for whatever is called. */
  readonly key: string;
  /** An earlier handler died or threw: its effect may have happened. */
  readonly recovered: boolean;
  /** The lease ends `ms` from now. Rejects with LEASE_EXPIRED when another handler has it. */
  extend(ms: number): Promise<void>;
}

/** How a handler is protected whose effect is outside the database. */
export interface LeaseOptions {
  /** After this another handler may take over; 30,000 ms by default. */
  readonly leaseMs?: number;
}

/** Has each message handled once. */
export interface Inbox<M extends InboxMessage = InboxMessage> {
  /**
   * Calls `handle` unless the message has been handled, and notes that it was, in the transaction that `tx` is in. What
   * `handle` does through the same transaction happens once. Rejects with what `handle` throws: roll back then.
   */
  once<T>(tx: Session, message: M, handle: () => T | Promise<T>): Promise<Handled<T>>;
  /** The same within a function that must not wait, such as one given to `transaction` of better-sqlite3. */
  onceSync<T>(tx: SyncSession, message: M, handle: () => T): Handled<T>;
  /**
   * For effects outside the database: notes `processing`, calls `handle`, notes `done`; not to be called in a
   * transaction. Rejects with RetryLater while another handler has the message, with LEASE_EXPIRED if one took it over
   * meanwhile, and with what `handle` throws, after which the message is free again.
   */
  lease<T>(
    session: Session,
    message: M,
    handle: (lease: InboxLease) => T | Promise<T>,
    options?: LeaseOptions,
  ): Promise<Handled<T>>;
  /** Forgets messages of this group that were handled, or given up, so long ago. Resolves with how many. */
  purge(session: Session, options: { readonly olderThanMs: number }): Promise<number>;
}
