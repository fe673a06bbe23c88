import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { ERRORS, LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Chain, Claim, Claims } from "./claims.js";
import type { Relay, RelayStats, Sender } from "./types.js";

/** What a relay stands on. */
export interface RelayDeps {
  readonly producer: Sender;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly pollMs: number;
  readonly batch: number;
  readonly leaseMs: number;
  readonly sendTimeoutMs: number;
  readonly retryMaxMs: number;
  readonly attemptsMax: number;
}

const RETRY_BASE_MS = 200;

/**
 * Whether the message itself is to blame, and would be refused for ever. What else is not to be tried again, such as a closed
 * producer or a missing permission, is over once somebody has seen to it.
 */
function hopeless({ code, retry, sent }: LogwheelError): boolean {
  return retry === "never" && sent === "no" && ERRORS[code].grpc === ERRORS.BAD_REQUEST.grpc;
}

/** What has become of the messages of a pass. */
interface Outcome {
  readonly sent: Claim[];
  readonly released: Claim[];
  readonly failed: { readonly claim: Claim; readonly error: LogwheelError }[];
}

/** Polls the outbox: claims a batch, sends it, deletes what was acknowledged. Chains go beside each other. */
export class OutboxRelay implements Relay {
  readonly #deps: RelayDeps;
  readonly #stats = { sent: 0, failed: 0, parked: 0 };
  /** Of the loop; null while it is stopped. */
  #stopping: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #awake = new AbortController();

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  get stats(): RelayStats {
    return { ...this.#stats };
  }

  start(): void {
    if (this.#stopping !== null) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#running = this.#running.then(() => this.#run(stopping.signal));
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    this.#stopping = null;
    this.wake();
    await this.#running;
  }

  wake(): void {
    this.#awake.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async pass(): Promise<RelayStats> {
    const { done } = await this.#pass(new AbortController().signal);
    return done;
  }

  /** Looks again at once while the outbox fills batches, and waits longer the more often nothing worked. */
  async #run(stopping: AbortSignal): Promise<void> {
    const { clock, random, pollMs, retryMaxMs, batch } = this.#deps;
    let failures = 0;
    while (!stopping.aborted) {
      this.#awake = new AbortController();
      let waitMs = pollMs;
      try {
        const { taken, done } = await this.#pass(stopping);
        failures = taken > 0 && done.sent + done.parked === 0 ? failures + 1 : 0;
        if (failures === 0 && taken >= batch) waitMs = 0;
      } catch (thrown) {
        failures++;
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        this.#deps.logger.warn(
          { error, failures },
          "the outbox cannot be read or written; the relay goes on trying",
        );
      }
      if (failures > 0) waitMs += backoffMs(failures, { baseMs: RETRY_BASE_MS, maxMs: retryMaxMs }, random);
      if (!stopping.aborted && waitMs > 0) await clock.sleep(waitMs, this.#awake.signal);
    }
  }

  async #pass(stopping: AbortSignal): Promise<{ taken: number; done: RelayStats }> {
    const { claims, clock, leaseMs, sendTimeoutMs } = this.#deps;
    const outcome: Outcome = { sent: [], released: [], failed: [] };
    // From before the claim: what is sent later than that could be sent by another relay at the same time.
    const lastSendMs = clock.monotonicMs() + leaseMs - sendTimeoutMs;
    const chains = await claims.take();
    const goOn = (): boolean => !stopping.aborted && clock.monotonicMs() <= lastSendMs;
    await Promise.all(chains.map((chain) => this.#send(chain, outcome, goOn)));
    await claims.sent(outcome.sent);
    this.#stats.sent += outcome.sent.length;
    const parked = await this.#putBack(outcome);
    const failed = outcome.failed.length - parked;
    this.#stats.failed += failed;
    this.#stats.parked += parked;
    const taken = chains.reduce((sum, chain) => sum + chain.length, 0);
    return { taken, done: { sent: outcome.sent.length, failed, parked } };
  }

  /** One after the other, so that a failure does not let later ones overtake. */
  async #send(chain: Chain, outcome: Outcome, goOn: () => boolean): Promise<void> {
    const { producer, sendTimeoutMs } = this.#deps;
    for (const [i, claim] of chain.entries()) {
      if (!goOn()) return void outcome.released.push(...chain.slice(i));
      try {
        await producer.send(claim.message(), { timeoutMs: sendTimeoutMs });
        outcome.sent.push(claim);
      } catch (thrown) {
        outcome.failed.push({ claim, error: LogwheelError.from(thrown) });
        return void outcome.released.push(...chain.slice(i + 1));
      }
    }
  }

  /** Writes down what could not be sent, in few statements: when a broker is away, all of a batch fails alike. */
  async #putBack({ failed, released }: Outcome): Promise<number> {
    const { claims, retryMaxMs, attemptsMax, logger } = this.#deps;
    const alike = new Map<string, { claims: Claim[]; text: string; park: boolean; delayMs: number }>();
    let parked = 0;
    for (const { claim, error } of failed) {
      const park = hopeless(error) || claim.attempts + 1 >= attemptsMax;
      const delayMs = Math.min(retryMaxMs, RETRY_BASE_MS * 2 ** Math.min(claim.attempts, 20));
      const text = `${error.code}: ${error.message}`;
      const key = JSON.stringify([park, park ? 0 : delayMs, text]);
      const group = alike.get(key) ?? { claims: [], text, park, delayMs };
      group.claims.push(claim);
      alike.set(key, group);
      if (park) parked++;
      if (park)
        logger.warn({ id: claim.id, topic: claim.topic, error: text }, "a message of the outbox is parked");
    }
    for (const group of alike.values())
      await (group.park
        ? claims.parked(group.claims, group.text)
        : claims.failed(group.claims, group.text, group.delayMs));
    await claims.released(released);
    return parked;
  }
}
