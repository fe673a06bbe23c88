import { LogwheelError } from "../../proto/kernel/errors.js";
import { RetryLater } from "../sdk/handler-errors.js";
import { NOW_MS, textOf } from "./dialect.js";
import { insertUnlessThere, parsedResult, resultText } from "./inbox-rows.js";
import type { Handled, InboxLease, Session } from "./types.js";

type Place = readonly [group: string, key: string];

/** Where leases are kept. */
export interface InboxLeasesDeps {
  readonly table: string;
  readonly group: string;
  readonly results: boolean;
  readonly newId: () => string;
}

/** What stands in the way of a lease. */
type Found<T> = { readonly recovered: boolean } | { readonly done: Handled<T> };

const AT = "WHERE consumer_group = ? AND message_key = ?";
/** Only by the lease's own name: whoever took it over has given it another. */
const MINE = `${AT} AND state = 'processing' AND leased_by = ?`;

/** The two states of a message whose effect is outside the database: each step is committed by itself. */
export class InboxLeases {
  readonly #deps: InboxLeasesDeps;

  constructor(deps: InboxLeasesDeps) {
    this.#deps = deps;
  }

  /** See `Inbox.lease`. */
  async run<T>(
    session: Session,
    place: Place,
    handle: (lease: InboxLease) => T | Promise<T>,
    leaseMs: number,
  ): Promise<Handled<T>> {
    const name = this.#deps.newId();
    const found = await this.#take<T>(session, place, name, leaseMs);
    if ("done" in found) return found.done;
    const lease: InboxLease = {
      key: place[1],
      recovered: found.recovered,
      extend: (ms) => this.#extend(session, place, name, ms),
    };
    let result: T;
    try {
      result = await handle(lease);
    } catch (thrown) {
      // Without this the next attempt waits for the end of the lease, and that is all.
      await this.#release(session, place, name).catch(() => {});
      throw thrown;
    }
    await this.#finish(session, place, name, result);
    return { repeated: false, result };
  }

  async #take<T>(session: Session, place: Place, name: string, leaseMs: number): Promise<Found<T>> {
    const { table } = this.#deps;
    const now = NOW_MS[session.dialect];
    const columns = "state, noted_at, lease_until, leased_by";
    const insert = insertUnlessThere(session.dialect, table, columns, `'processing', ${now}, ${now} + ?, ?`);
    const lease = [Math.round(leaseMs), name];
    if ((await session.query(insert, [...place, ...lease])).affected > 0) return { recovered: false };
    const takeOver = `UPDATE ${table} SET lease_until = ${now} + ?, leased_by = ?
      ${AT} AND state = 'processing' AND lease_until <= ${now}`;
    if ((await session.query(takeOver, [...lease, ...place])).affected > 0) return { recovered: true };
    return { done: await this.#done(session, place) };
  }

  async #done<T>(session: Session, place: Place): Promise<Handled<T>> {
    const { rows } = await session.query(
      `SELECT state, result, lease_until - ${NOW_MS[session.dialect]} AS left_ms FROM ${this.#deps.table} ${AT}`,
      place,
    );
    const [row] = rows;
    if (row !== undefined && textOf(row["state"]) === "done")
      return { repeated: true, result: this.#deps.results ? parsedResult<T>(row["result"]) : undefined };
    throw new RetryLater(Math.max(1, Number(row?.["left_ms"] ?? 1)));
  }

  async #extend(session: Session, place: Place, name: string, ms: number): Promise<void> {
    if (!(ms > 0)) throw new LogwheelError("BAD_REQUEST", `a lease cannot end in ${ms} ms`);
    const { affected } = await session.query(
      `UPDATE ${this.#deps.table} SET lease_until = ${NOW_MS[session.dialect]} + ? ${MINE}`,
      [Math.round(ms), ...place, name],
    );
    if (affected === 0) throw this.#lost(place);
  }

  async #finish(session: Session, place: Place, name: string, result: unknown): Promise<void> {
    const text = this.#deps.results ? resultText(result) : null;
    const { affected } = await session.query(
      `UPDATE ${this.#deps.table} SET state = 'done', noted_at = ${NOW_MS[session.dialect]}, result = ? ${MINE}`,
      [text, ...place, name],
    );
    if (affected === 0) throw this.#lost(place);
  }

  /** The row stays, so that the next handler knows that an effect may have happened. */
  async #release(session: Session, place: Place, name: string): Promise<void> {
    await session.query(`UPDATE ${this.#deps.table} SET lease_until = 0 ${MINE}`, [...place, name]);
  }

  #lost([group, key]: Place): LogwheelError {
    return new LogwheelError(
      "LEASE_EXPIRED",
      `the lease of message ${key} in group ${group} ran out and another handler took it over: its effect may happen twice`,
    );
  }
}
