import type { Clock } from "../../proto/kernel/clock.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import type { LogRange } from "./salvage.js";
import type { ViewsFolder } from "./views.js";
import type { Flush, FlushLimits, WriterMeter } from "./writer.js";

/** What a store is made of and how it behaves. */
export interface StoreOptions extends Partial<FlushLimits> {
  readonly files: Files;
  /** Name of the broker whose data this is: CONFLICT for another one's. Anybody's if it is left out. */
  readonly owner?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly flush: Flush;
  /** Bytes of a segment file. */
  readonly segmentBytes: number;
  /** Slabs of 1 MiB kept in memory for hot reads. */
  readonly slabsKept?: number;
  /** Bytes of segment files kept in memory for cold reads. */
  readonly cacheBytes?: number;
  /** Bytes a second that reads of old messages get at least while much is published. */
  readonly oldReadBytes?: number;
  /** Changes of the due index kept in memory at least, before they are written to the views. */
  readonly dueChangesKept?: number;
  /** Where views that do not fit the memory are kept; LevelDB in the data folder unless told otherwise. */
  readonly views?: ViewsFolder;
  /** Damage in this range of the log is given up instead of refused at the start. */
  readonly acceptDamage?: LogRange | undefined;
  /** The log failed: nothing more will be stored; the process should end. */
  readonly failed?: (error: LogwheelError) => void;
  readonly meter?: WriterMeter;
}
