import { systemClock } from "../../proto/kernel/clock.js";

/** Loaded before a server (`node --import`), this holds its event loop for HOLD_MS milliseconds at each SIGUSR2. */
process.on("SIGUSR2", () => {
  const endMs = systemClock.monotonicMs() + Number(process.env["HOLD_MS"]);
  while (systemClock.monotonicMs() < endMs);
});
