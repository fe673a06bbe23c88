import type { WriterMeter } from "../store/writer.js";
import type { ConsumeCounters } from "./counters.js";

/** Hears what a broker does, once per batch and never per message. What it does with that must be cheap. */
export interface Meter extends WriterMeter {
  /** Messages of one frame were taken: their number, and the bytes of their records. */
  taken(messages: number, bytes: number): void;
  /** Messages went out to a member or reader. */
  delivered(messages: number, bytes: number): void;
  /** Messages of one frame were not taken; `reason` is an error code. */
  refused(messages: number, reason: string): void;
  /** A message went to the dead letters of a group; `reason` is a number of `DeadReason`. */
  deadLettered(group: string, reason: number): void;
  /** Messages of a topic were not delivered to a group, because they had expired. */
  expired(topic: string, messages: number): void;
  /** Milliseconds from the arrival of a frame to its answer. */
  answered(ms: number): void;
}

/** Measures nothing. */
export const silentMeter: Meter = {
  taken() {},
  delivered() {},
  refused() {},
  deadLettered() {},
  expired() {},
  answered() {},
  written() {},
  synced() {},
};

/** How far one group is on one topic. */
export interface GroupFigures {
  readonly group: string;
  readonly topic: string;
  /** Not acknowledged, whatever its state. */
  readonly lag: number;
  readonly ready: number;
  readonly inFlight: number;
}

/** Delayed messages that are pending, and what became of the others since the start. */
export interface DelayFigures {
  readonly pending: number;
  readonly delivered: number;
  /** Of those: more than a second late. */
  readonly late: number;
  /** By how much they were late, all together. */
  readonly lateSeconds: number;
  readonly cancelled: number;
  /** Due, but their topic was gone. */
  readonly dropped: number;
  /** Of the records of those that are pending, half messages too. */
  readonly bytes: number;
  /** Copied so that their segments could go, half messages too; and the bytes of the copies. */
  readonly copied: number;
  readonly copiedBytes: number;
}

/** Of a broker that has had none. */
export const NO_DELAYS: DelayFigures = {
  pending: 0,
  delivered: 0,
  late: 0,
  lateSeconds: 0,
  cancelled: 0,
  dropped: 0,
  bytes: 0,
  copied: 0,
  copiedBytes: 0,
};

/** Transactions that nobody has decided, and what became of the others since the start. */
export interface TransactionFigures {
  readonly open: number;
  /** Their half messages. */
  readonly halves: number;
  /** Of the open ones: nobody is asked any more. */
  readonly parked: number;
  /** Of the open ones: to be asked about, and no producer of their group has been here for two minutes. */
  readonly alone: number;
  /** Producers that can be asked. */
  readonly producers: number;
  readonly committed: number;
  readonly rolledBack: number;
  /** That were put to a producer. */
  readonly questions: number;
}

/** Of a broker that has had none. */
export const NO_TRANSACTIONS: TransactionFigures = {
  open: 0,
  halves: 0,
  parked: 0,
  alone: 0,
  producers: 0,
  committed: 0,
  rolledBack: 0,
  questions: 0,
};

/** What a broker is like at a moment; read when someone looks. */
export interface BrokerFigures {
  readonly topics: number;
  readonly groups: number;
  readonly connections: number;
  /** Members of all groups. */
  readonly members: number;
  /** Appended and not on the disk yet. */
  readonly unflushedBytes: number;
  readonly logBytes: number;
  readonly segments: number;
  /** Of the whole folder. */
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
  readonly diskTotalBytes: number;
  readonly progress: readonly GroupFigures[];
  readonly consuming: ConsumeCounters;
  readonly delays: DelayFigures;
  readonly transactions: TransactionFigures;
}
