import { type Logger, silentLogger } from "../../proto/kernel/logger.js";

/** What an application gets that names no logger: warnings and errors on stderr, nothing else. */
export const warningLogger: Logger = {
  ...silentLogger,
  warn: (fields, message) => console.warn(`logwheel: ${message}`, fields),
  error: (fields, message) => console.error(`logwheel: ${message}`, fields),
};
