import type { CommitLog } from "./commit-log.js";
import type { Segments } from "./segments.js";

/** Log offsets and files of a store, for people and metrics. */
export interface StoreFigures {
  readonly logStart: number;
  readonly logEnd: number;
  /** Everything below survives a power cut. */
  readonly durable: number;
  readonly segments: number;
  /** Files that wait to become segments. */
  readonly spares: number;
  readonly diskBytes: number;
}

/** A segment to which nothing is appended any more. */
export interface SealedSegment {
  /** Log offset behind it. */
  readonly end: number;
  readonly bytes: number;
  /** Store time of its last record, milliseconds, or little later. */
  readonly lastStoredAtMs: number;
  /** Numbers of the topics with messages in it. */
  readonly topics: readonly number[];
}

/** The figures of a log in segments of so many bytes. */
export function figuresOf(log: CommitLog, segments: Segments, segmentBytes: number): StoreFigures {
  const all = segments.all;
  const diskBytes = all.reduce((sum, segment) => sum + segment.end - segment.start, 0);
  return {
    logStart: all[0]!.start,
    logEnd: log.end,
    durable: log.durable,
    segments: all.length,
    spares: segments.spares,
    diskBytes: diskBytes + segments.spares * segmentBytes,
  };
}
