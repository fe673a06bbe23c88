import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Group } from "./group.js";
import type { Lane } from "./lane.js";
import type { Instant } from "./run.js";
import type { Mode, Subscriptions } from "./subscription.js";

/** What a group tells a member: its stream, as far as the group knows it. */
export interface Seat {
  /** The member is in; nothing else is told before. */
  joined(group: Group, member: Member): void;
  /** All queues that the member has now, in place of what it had. */
  assigned(lanes: readonly Lane[], note: string): void;
  /** A lease of the member ran out. */
  leaseLost(lane: Lane, offset: number, attempt: number): void;
  pauseChanged(paused: boolean): void;
  /** Delivers up to so many batches; returns whether there may be more. */
  wake(batchesMax: number): boolean;
  /** The broker is going to stop: the member gets nothing more, and should finish and leave. */
  draining(): void;
  /** The member is out. */
  dismiss(error: LogwheelError): void;
}

/** What a member said of itself when it came. */
export interface Introduction {
  readonly mode: Mode;
  readonly subscriptions: Subscriptions;
  /** Id of a former session, or empty. */
  readonly formerId: string;
  readonly host: string;
  readonly processId: number;
  readonly leaseMs: number;
}

/** A member of a group. */
export interface Member extends Introduction {
  /** 16 hexadecimal digits, issued by a broker. */
  readonly id: string;
  readonly connectedAtMs: number;
  /** Null while its connection is lost and it may come back. */
  seat: Seat | null;
  /** By the deadline clock. */
  lastHeardMs: number;
  /** Out at this time, unless it comes back; Infinity while it has a seat. */
  lostAtMs: number;
  /** Queues that are delivered to it. */
  lanes: readonly Lane[];
  /** Whether it knows these queues. */
  told: boolean;
  /** What it was told why it has none. */
  note: string;
}

const ID = /^[0-9a-f]{16}$/;

/** Whether `id` can be one that a broker has issued. */
export function issued(id: string): boolean {
  return ID.test(id);
}

/** An id that nobody else has. */
export function issueId(random: () => number): string {
  const word = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return word() + word();
}

/** A member that has just come. */
export function newMember(id: string, who: Introduction, seat: Seat, now: Instant): Member {
  return {
    ...who,
    id,
    seat,
    connectedAtMs: now.wallMs,
    lastHeardMs: now.deadlineMs,
    lostAtMs: Number.POSITIVE_INFINITY,
    lanes: [],
    told: false,
    note: "",
  };
}

/** Whether a member's process speaks on a new stream; the broker may not know yet that the old one is dead. */
export function isBack(member: Member, who: Introduction): boolean {
  if (member.seat === null) return true;
  return who.processId !== 0 && who.processId === member.processId && who.host === member.host;
}
