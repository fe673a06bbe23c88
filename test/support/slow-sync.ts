import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Loaded before a server (`node --import`), this makes each sync of a file take SLOW_SYNC_MS milliseconds more. */
const delayMs = Number(process.env["SLOW_SYNC_MS"]);
const { fdatasync } = fs;
fs.fdatasync = Object.assign(
  (fd: number, done: fs.NoParamCallback) => {
    fdatasync(fd, (error) => setTimeout(done, delayMs, error));
  },
  { __promisify__: async () => {} },
);
syncBuiltinESMExports();
