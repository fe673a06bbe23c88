#!/usr/bin/env node
// CommonJS, so that it runs before anything is imported: libuv reads the size of its thread pool when the pool is
// first used, and four threads are too few for a log, its views and name look-ups when a disk is slow.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

// What the network reads lies in buffers outside V8's heap but counts for its old generation, which is small here: by
// default it would be collected thirty times a second under load, a sixth of a broker's time. It may grow fivefold.
(require("node:v8") as typeof import("node:v8")).setFlagsFromString("--heap-growing-percent=400");

// Only Node 22 and later have it; it halves the start-up there.
const { enableCompileCache } = require("node:module") as { enableCompileCache?: () => void };
enableCompileCache?.();

import("./main.js").then(({ main }) => main(process.argv.slice(2)));
