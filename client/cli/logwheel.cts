#!/usr/bin/env node
// CommonJS, so that it runs before anything is imported: libuv reads the size of its thread pool when the pool is
// first used, and four threads are too few for a log, its views and name look-ups when a disk is slow.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

// Only Node 22 and later have it; it halves the start-up there.
const { enableCompileCache } = require("node:module") as { enableCompileCache?: () => void };
enableCompileCache?.();

import("./main.js").then(({ main }) => main(process.argv.slice(2)));
