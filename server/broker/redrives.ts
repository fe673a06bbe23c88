import type { ChangeRedriveRequest__Output } from "../../proto/gen/logwheel/v1/ChangeRedriveRequest.js";
import type { Redrive as RedriveReply } from "../../proto/gen/logwheel/v1/Redrive.js";
import type { StartRedriveRequest__Output } from "../../proto/gen/logwheel/v1/StartRedriveRequest.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { Store } from "../store/store.js";
import { Cursor } from "./cursor.js";
import type { Cursors, OpenCursor } from "./cursors.js";
import { Redrive, targetOf } from "./redrive.js";
import { ANY, JOB_STATE, type Job, type JobState } from "./redrive-job.js";
import { deadLetterTopic, isReserved, redriveGroup, redrivenGroup } from "./reserved.js";

const PER_SECOND = 100;
const PER_SECOND_MAX = 100_000;
const TICK_MS = 100;

/** What redrives stand on. */
export interface RedrivesDeps {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Why the broker takes no messages now, or is behind with what it took. */
  readonly refusal: () => LogwheelError | undefined;
}

/**
 * Sends dead letters again, in the background, one redrive of a group at a time. What a redrive is about and how far it is
 * stands in the log, as a group of the broker's own, so that it goes on after a restart.
 */
export class Redrives implements Lifecycle {
  readonly #deps: RedrivesDeps;
  /** Ends the loop of a group's redrive. */
  readonly #running = new Map<string, AbortController>();
  readonly #loops = new Set<Promise<void>>();
  #stopped = false;

  constructor(deps: RedrivesDeps) {
    this.#deps = deps;
  }

  /** Goes on with what was running. */
  async start(): Promise<void> {
    for (const state of this.#deps.store.state.groups.values()) {
      const group = redrivenGroup(state.name);
      if (group !== undefined && jobOf(state)?.state === "running") this.#run(group);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const running of this.#running.values()) running.abort();
    await Promise.all(this.#loops);
  }

  /**
   * Begins to send dead letters of a group again; with `dryRun` only says how many. BAD_REQUEST, GROUP_NOT_FOUND without dead
   * letters, CONFLICT while another redrive is not over, REDRIVE_TOPIC_NOT_FOUND, FORBIDDEN or MESSAGE_TYPE_MISMATCH where the target
   * does not take them: nothing is changed then.
   */
  async begin(request: StartRedriveRequest__Output, peer: string): Promise<RedriveReply> {
    const { store, clock } = this.#deps;
    const { group, to, dryRun } = request;
    const filter = request.filter ?? ANY;
    const perSecond = checkRate(request.perSecond || PER_SECOND);
    const queue = this.#queueOf(group);
    if (!dryRun) this.#checkFree(group);
    if (isReserved(to))
      throw new LogwheelError(
        "BAD_REQUEST",
        `dead letters cannot be sent to ${to}, which is the broker's own`,
      );
    if (to !== "") targetOf(store, to);
    const end = store.endOffset(queue);
    const total = await this.#count(group, queue, { filter, to, end });
    const startedAtMs = clock.nowMs();
    const before = this.#sent(group, queue);
    const job: Job = { filter, to, perSecond, startedAtMs, end, total, before, state: "running", note: "" };
    if (dryRun) return { ...this.#show(group, job), state: 0 };
    this.#checkFree(group);
    this.#record(group, job);
    this.#audit("started", group, job, peer);
    this.#run(group);
    await store.whenSettled();
    return this.#showNow(group);
  }

  /** Pauses, resumes or cancels the redrive of a group; the same again changes nothing. CONFLICT if it is over. */
  async change({ group, state }: ChangeRedriveRequest__Output, peer: string): Promise<RedriveReply> {
    const job = this.#job(group);
    const wanted = (["running", "paused", "cancelled"] as const).find((name) => JOB_STATE[name] === state);
    if (wanted === undefined)
      throw new LogwheelError("BAD_REQUEST", "a redrive can be paused, resumed or cancelled");
    if (job === undefined)
      throw new LogwheelError(
        "CONFLICT",
        `dead letters of group ${group} were never sent again on this broker`,
      );
    if (job.state !== wanted) {
      if (job.state === "done" || job.state === "cancelled")
        throw new LogwheelError("CONFLICT", `the redrive of group ${group} is over: it is ${job.state}`);
      this.#end(group, wanted, "");
      this.#audit(wanted === "running" ? "resumed" : wanted, group, job, peer);
      if (wanted === "running") this.#run(group);
    }
    await this.#deps.store.whenSettled();
    return this.#showNow(group);
  }

  /** The latest redrive of each group, or of one. */
  list(group: string): RedriveReply[] {
    const names = [...this.#deps.store.state.groups.keys()].flatMap((name) => redrivenGroup(name) ?? []);
    return names
      .filter((name) => (group === "" || name === group) && this.#job(name) !== undefined)
      .sort()
      .map((name) => this.#showNow(name));
  }

  #run(group: string): void {
    const running = new AbortController();
    this.#running.set(group, running);
    const loop = this.#loop(group, running.signal)
      .catch((thrown: unknown) => this.#stand(group, thrown))
      .finally(() => {
        this.#loops.delete(loop);
        if (this.#running.get(group) === running) this.#running.delete(group);
      });
    this.#loops.add(loop);
  }

  /** As many a second as the job says: what was not sent in time is sent later, but no more than a second's worth at once. */
  async #loop(group: string, signal: AbortSignal): Promise<void> {
    const { clock, store, refusal } = this.#deps;
    const job = this.#job(group)!;
    const open = this.#cursor(group, this.#queueOf(group));
    open.pins++;
    try {
      const redrive = new Redrive(this.#deps, open, job);
      const burst = Math.max(1, job.perSecond);
      let allowed = 0;
      for (let sinceMs = clock.monotonicMs(); !signal.aborted; ) {
        await clock.sleep(TICK_MS, signal);
        const nowMs = clock.monotonicMs();
        allowed = Math.min(burst, allowed + ((nowMs - sinceMs) * job.perSecond) / 1_000);
        sinceMs = nowMs;
        if (signal.aborted || store.failure !== undefined) return;
        if (refusal() !== undefined) continue;
        while (allowed >= 1 - 1e-9 && !signal.aborted) {
          if (!this.#deps.cursors.exists(open))
            return this.#finish(group, "cancelled", "the dead letters were deleted");
          const sent = await redrive.send(Math.floor(allowed + 1e-9), signal);
          if (signal.aborted) return;
          if (sent === 0) return this.#finish(group, "done", "");
          allowed -= sent;
        }
      }
    } finally {
      this.#deps.cursors.unpin(open);
    }
  }

  #finish(group: string, state: "done" | "cancelled", note: string): void {
    const job = this.#job(group);
    if (job === undefined) return;
    this.#end(group, state, note);
    this.#audit(state, group, job, "the broker");
  }

  /** Something is in the way: an operator has to look, and resume. */
  #stand(group: string, thrown: unknown): void {
    const { logger, store } = this.#deps;
    const { message } = LogwheelError.from(thrown);
    logger.error({ group, error: message }, "a redrive of dead letters stands still until it is resumed");
    if (!this.#stopped && store.failure === undefined && this.#job(group)?.state === "running")
      this.#end(group, "paused", message);
  }

  #end(group: string, state: JobState, note: string): void {
    this.#running.get(group)?.abort();
    this.#record(group, { ...this.#job(group)!, state, note });
  }

  #record(group: string, job: Job): void {
    const { state } = this.#deps.store;
    const known = state.groups.get(redriveGroup(group));
    this.#deps.store.appendGroup({
      op: "put",
      number: known?.number ?? state.nextGroupNumber,
      name: redriveGroup(group),
      ordered: false,
      maxAttempts: 1,
      assign: 0,
      paused: job.state === "paused",
      attributes: { job: JSON.stringify(job) },
    });
  }

  #job(group: string): Job | undefined {
    return jobOf(this.#deps.store.state.groups.get(redriveGroup(group)));
  }

  #queueOf(group: string): Queue {
    const queue = this.#deps.store.state.topics.get(deadLetterTopic(group))?.queues[0];
    if (queue !== undefined) return queue;
    throw new LogwheelError("GROUP_NOT_FOUND", `group ${group} has no dead letters on this broker`);
  }

  #cursor(group: string, queue: Queue): OpenCursor {
    const { store, cursors } = this.#deps;
    const own = store.state.groups.get(redriveGroup(group))!;
    return cursors.open(own, queue) ?? cursors.create(own, queue, queue.firstOffset);
  }

  /** Dead letters that fit and have somewhere to go. */
  async #count(group: string, queue: Queue, job: Pick<Job, "filter" | "to" | "end">): Promise<number> {
    const { store, cursors } = this.#deps;
    const own = store.state.groups.get(redriveGroup(group));
    const cursor = (own && cursors.peek(own, queue)) ?? Cursor.at(queue.firstOffset);
    const source = { group: own ?? NOBODY, queue, cursor };
    return new Redrive(this.#deps, source, job).count();
  }

  #checkFree(group: string): void {
    const state = this.#job(group)?.state;
    if (state !== "running" && state !== "paused") return;
    throw new LogwheelError(
      "CONFLICT",
      `dead letters of group ${group} are being sent again already (${state}): wait for that, or cancel it`,
    );
  }

  #showNow(group: string): RedriveReply {
    return this.#show(group, this.#job(group)!);
  }

  #show(group: string, { state, before, end: _, ...job }: Job): RedriveReply {
    const { store, cursors } = this.#deps;
    const own = store.state.groups.get(redriveGroup(group));
    const queue = store.state.topics.get(deadLetterTopic(group))?.queues[0];
    const ranges = (own && queue && cursors.peek(own, queue)?.acknowledgedRanges) ?? [];
    const redriven = queue === undefined ? job.total : this.#sent(group, queue) - before;
    const redrivenRanges = ranges.map(([start, end]) => ({ start, end }));
    return { ...job, group, state: JOB_STATE[state], redriven: Math.max(0, redriven), redrivenRanges };
  }

  /** Dead letters that were sent again, or are gone. */
  #sent(group: string, queue: Queue): number {
    const { store, cursors } = this.#deps;
    const own = store.state.groups.get(redriveGroup(group));
    return (own && cursors.peek(own, queue)?.acknowledged) ?? queue.firstOffset;
  }

  #audit(what: string, group: string, { filter, to, perSecond, total }: Job, by: string): void {
    this.#deps.logger.info(
      { audit: "redrive", group, by, filter, to, perSecond, total },
      `redrive of dead letters ${what}`,
    );
  }
}

const NOBODY: GroupState = {
  number: 0,
  name: "",
  ordered: false,
  maxAttempts: 1,
  assign: 0,
  paused: false,
  cursors: new Map(),
};

function jobOf(state: GroupState | undefined): Job | undefined {
  const text = state?.attributes?.["job"];
  return text === undefined ? undefined : (JSON.parse(text) as Job);
}

function checkRate(perSecond: number): number {
  if (Number.isSafeInteger(perSecond) && perSecond > 0 && perSecond <= PER_SECOND_MAX) return perSecond;
  throw new LogwheelError(
    "BAD_REQUEST",
    `dead letters are sent again at 1 to ${PER_SECOND_MAX} a second, not ${perSecond}`,
  );
}
