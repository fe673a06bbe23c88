import { pino } from "pino";
import type { Clock } from "../proto/kernel/clock.js";
import type { Logger } from "../proto/kernel/logger.js";

/** What is written: this and everything more important. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** A process's logger, and how its last lines get out. */
export interface ProcessLogger extends Logger {
  /** Writes what is buffered, in this turn; for the end of the process. */
  flush(): void;
}

/** Where the lines go: a file descriptor, or in tests a function. */
export type LogTarget = number | ((text: string) => void);

const BUFFER_BYTES = 4_096;
const FLUSH_MS = 1_000;

/**
 * Opens the log of a process: JSON lines with an ISO time, buffered so that a line costs no system call, and written
 * out every second, when the buffer is full, and by `flush`. A crash of the process can lose the last second.
 */
export function openLogger(level: LogLevel, target: LogTarget = 2): ProcessLogger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (typeof target === "function")
    return Object.assign(pino(options, { write: target }), { flush: () => {} });
  const destination = pino.destination({
    dest: target,
    sync: false,
    minLength: BUFFER_BYTES,
    periodicFlush: FLUSH_MS,
  });
  return Object.assign(pino(options, destination), { flush: () => flushNow(destination) });
}

/** A destination that has not opened yet refuses to flush: then nothing is lost but what could not be written. */
function flushNow(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    return;
  }
}

interface Spoken {
  untilMs: number;
  unsaid: number;
}

const QUIET_MS = 10_000;
const REASONS_MAX = 1_000;

/**
 * The same logger, except that of the warnings and errors that carry a `reason` only one per reason is written in 10 s;
 * the next one says how many were left out as `unsaid`. So an attack cannot fill a disk with its traces.
 */
export function quiet(logger: Logger, clock: Clock): Logger {
  const spoken = new Map<string, Spoken>();
  const limited =
    (write: (fields: object, message: string) => void) =>
    (fields: object, message: string): void => {
      const reason = "reason" in fields ? String(fields.reason) : null;
      if (reason === null) return write(fields, message);
      const nowMs = clock.monotonicMs();
      const last = spoken.get(reason);
      if (last !== undefined && nowMs < last.untilMs) {
        last.unsaid++;
        return;
      }
      if (spoken.size >= REASONS_MAX) spoken.clear();
      spoken.set(reason, { untilMs: nowMs + QUIET_MS, unsaid: 0 });
      write(last?.unsaid ? { ...fields, unsaid: last.unsaid } : fields, message);
    };
  return {
    trace: (fields, message) => logger.trace(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: limited((fields, message) => logger.warn(fields, message)),
    error: limited((fields, message) => logger.error(fields, message)),
  };
}
