import { rmSync } from "node:fs";

/**
 * Loaded into the servers of a measurement before anything else: they end with the process that started them, however that
 * ended, and take along the folder that the query of this module's URL names.
 */
const folder = new URL(import.meta.url).searchParams.get("folder");

process.stdin
  .on("close", () => {
    if (folder !== null) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.kill(process.pid, "SIGKILL");
  })
  .resume();
