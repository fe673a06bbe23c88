import type { ChangeOptions, Listing } from "./admin-types.js";
import type { CallOptions, DeadLetter, Message } from "./types.js";

/** Which dead letters of a group; those that fit all that is given. */
export interface DeadLetterFilter {
  readonly reason?: Exclude<DeadLetter["reason"], "unknown">;
  /** Name of the last error. */
  readonly errorName?: string;
  /** Topic that they came from. */
  readonly topic?: string;
  /** Moved at this time or later, and before that one. */
  readonly since?: Date;
  readonly until?: Date;
}

/** Which dead letters to list. */
export interface DeadLetterQuery extends DeadLetterFilter, CallOptions {
  /** Also those that were sent again. */
  readonly redriven?: boolean;
}

/** How dead letters are sent again. */
export interface RedriveOptions extends DeadLetterFilter, ChangeOptions {
  /** Topic; where each came from by default. */
  readonly to?: string;
  /** Messages a second, on each broker; 100 by default. */
  readonly perSecond?: number;
}

/** Where the latest redrive of a group stands on one broker. */
export interface RedriveInfo {
  readonly broker: string;
  readonly group: string;
  /** `planned` is a dry run. */
  readonly state: "planned" | "running" | "paused" | "done" | "cancelled";
  readonly filter: DeadLetterFilter;
  /** Absent: where each came from. */
  readonly to?: string;
  readonly perSecond: number;
  /** Dead letters that fitted when it began, or would be sent again. */
  readonly total: number;
  readonly redriven: number;
  /** Why it stands still. */
  readonly note?: string;
  readonly startedAt: Date;
}

/** What administrators do with dead letters. A group without any is GROUP_NOT_FOUND, but for lists, which are empty. */
export interface DeadLettersOf {
  /** Oldest first on each broker. */
  list(group: string, query?: DeadLetterQuery): Listing<Message<Uint8Array>>;
  /** One, by its own message id; see `dead` of the message. */
  get(id: string, options?: CallOptions): Promise<Message<Uint8Array>>;
  /** Sends them again in the background, on every broker that has some. CONFLICT while another redrive is not over. */
  redrive(group: string, options?: RedriveOptions): Promise<readonly RedriveInfo[]>;
  /** The latest redrive of each group, or of one. */
  redrives(group?: string, options?: CallOptions): Promise<readonly RedriveInfo[]>;
  pause(group: string, options?: CallOptions): Promise<readonly RedriveInfo[]>;
  resume(group: string, options?: CallOptions): Promise<readonly RedriveInfo[]>;
  /** What was sent again stays so; the rest can be sent by another redrive. */
  cancel(group: string, options?: CallOptions): Promise<readonly RedriveInfo[]>;
  /** Deletes all of them. CONFLICT while a redrive runs. */
  purge(group: string, options?: ChangeOptions): Promise<{ readonly messages: number }>;
}
