import type { CheckSession } from "./check-session.js";

/** Groups whose last producer left so long ago count as never seen: nobody asks for more. */
const REMEMBERED_MS = 3_600_000;

/** The live producers of each group, and since when a group has none. */
export class ProducerGroups {
  /** Those asked longest ago first. */
  readonly #live = new Map<string, Set<CheckSession>>();
  /** When the last producer of a group left, milliseconds of the monotonic clock. */
  readonly #leftAtMs = new Map<string, number>();
  readonly #beganAtMs: number;

  /** Before `beganAtMs`, of the monotonic clock, nobody could be here. */
  constructor(beganAtMs: number) {
    this.#beganAtMs = beganAtMs;
  }

  /** Live producers of all groups. */
  get size(): number {
    let count = 0;
    for (const sessions of this.#live.values()) count += sessions.size;
    return count;
  }

  join(session: CheckSession): void {
    const sessions = this.#live.get(session.group) ?? new Set();
    this.#live.set(session.group, sessions.add(session));
    this.#leftAtMs.delete(session.group);
  }

  leave(session: CheckSession, nowMs: number): void {
    const sessions = this.#live.get(session.group);
    if (!sessions?.delete(session) || sessions.size > 0) return;
    this.#live.delete(session.group);
    this.#leftAtMs.set(session.group, nowMs);
  }

  /** Whether somebody of the group is here. */
  has(group: string): boolean {
    return this.#live.has(group);
  }

  /** Producers of a group, those asked longest ago first. */
  of(group: string): Iterable<CheckSession> {
    return this.#live.get(group) ?? [];
  }

  /** It was asked: the others come first now. */
  toTheEnd(session: CheckSession): void {
    const sessions = this.#live.get(session.group);
    if (sessions?.delete(session)) sessions.add(session);
  }

  /** For how long nobody of a group has been here, as far as is known; 0 while somebody is. */
  aloneMs(group: string, nowMs: number): number {
    if (this.#live.has(group)) return 0;
    return nowMs - (this.#leftAtMs.get(group) ?? this.#beganAtMs);
  }

  /** Forgets groups that were left long ago. */
  forget(nowMs: number): void {
    for (const [group, leftAtMs] of this.#leftAtMs)
      if (nowMs - leftAtMs > REMEMBERED_MS) this.#leftAtMs.delete(group);
  }
}
