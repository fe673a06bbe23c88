import type { Clock } from "../proto/kernel/clock.js";
import { LogwheelError } from "../proto/kernel/errors.js";
import type { ProcessLogger } from "./logger.js";

/** What every role of a process is given. */
export interface ProcessContext {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly logger: ProcessLogger;
}

/** A role that serves. */
export interface Running {
  /** The one line that says so, with the word `ready` and the addresses. */
  readonly ready: string;
  /** Where clients find it. */
  readonly address: string;
  /** Resolves if it can serve no more by itself. */
  readonly failed: Promise<LogwheelError>;
  /** Finishes what was accepted, says good-bye, frees everything. */
  stop(): Promise<void>;
}

/** The process as seen from inside: its output and its signals. */
export interface ProcessPort {
  out(line: string): void;
  err(line: string): void;
  /** Calls `listener` at each SIGTERM or SIGINT. The returned function takes it back. */
  onSignal(listener: () => void): () => void;
}

type End = { readonly code: number; readonly said?: string };

/**
 * Starts a role, says when it is ready, and resolves with the exit code when it has ended: 0 after a graceful stop, 1
 * when it failed, took longer than `stopMs` to stop, or got a second signal. Rejects with what kept it from starting.
 */
export async function runRole(
  start: () => Promise<Running>,
  { clock, logger }: ProcessContext,
  port: ProcessPort,
  stopMs: number,
): Promise<number> {
  const first = new AbortController();
  const second = new AbortController();
  const unlisten = port.onSignal(() => (first.signal.aborted ? second : first).abort());
  try {
    const end = await Promise.race([
      live(start, first.signal, port, () => boundedBy(clock, stopMs)),
      aborted(second.signal).then((): End => ({ code: 1, said: "a second signal came: stopped at once" })),
    ]);
    if (end.said !== undefined) port.err(`logwheel: ${end.said}`);
    return end.code;
  } finally {
    unlisten();
    logger.flush();
  }
}

async function live(
  start: () => Promise<Running>,
  signalled: AbortSignal,
  port: ProcessPort,
  bound: () => Promise<End>,
): Promise<End> {
  const running = await start();
  port.out(running.ready);
  const failure = await Promise.race([running.failed, aborted(signalled)]);
  const end = await Promise.race([stopped(running), bound()]);
  return failure === undefined ? end : { code: 1, said: sentence(failure) };
}

async function stopped(running: Running): Promise<End> {
  try {
    await running.stop();
    return { code: 0 };
  } catch (thrown) {
    return { code: 1, said: sentence(LogwheelError.from(thrown)) };
  }
}

async function boundedBy(clock: Clock, stopMs: number): Promise<End> {
  await clock.sleep(stopMs);
  return { code: 1, said: `could not stop gracefully within ${stopMs} ms: stopped at once` };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function sentence(error: LogwheelError): string {
  return `${error.message.replaceAll(/\s*\n\s*/g, " ")} [${error.code}]`;
}
