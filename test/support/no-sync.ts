import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Loaded before a server (`node --import`), this makes its syncs of files do nothing: the lie that a power cut finds out. */
fs.fdatasync = Object.assign(
  (_fd: number, done: fs.NoParamCallback) => {
    process.nextTick(done, null);
  },
  { __promisify__: async () => {} },
);
syncBuiltinESMExports();
