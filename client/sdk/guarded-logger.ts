import type { Logger } from "../../proto/kernel/logger.js";

type Write = Logger["info"];

/** The same logger, but what it throws is nobody's loss: it is called from timers and streams. */
export function guardedLogger(logger: Logger): Logger {
  const guard = (level: keyof Logger): Write => {
    return (fields, message) => {
      try {
        logger[level](fields, message);
      } catch {}
    };
  };
  return {
    trace: guard("trace"),
    debug: guard("debug"),
    info: guard("info"),
    warn: guard("warn"),
    error: guard("error"),
  };
}
