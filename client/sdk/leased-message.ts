import { inspect } from "node:util";
import { decodeBody } from "./decoding.js";
import type { Delivery } from "./delivery.js";
import type { Membership } from "./membership.js";
import { checkRetryDelay } from "./retry-delay.js";
import type { Topic } from "./topic.js";
import type { DeadLetter, LastError, Lease, Message } from "./types.js";
import { rejection, UNSEEN, type Verdict, verdictOf } from "./verdict.js";

/** A message that belongs to its receiver for a time: the message itself, and what can be done with it. */
export class LeasedMessage<T> implements Message<T>, Lease {
  readonly #delivery: Delivery<T>;
  readonly #membership: Membership;
  readonly #topic: Topic<T>;
  #tell: () => void = () => {};

  constructor(topic: Topic<T>, delivery: Delivery<T>, membership: Membership) {
    this.#topic = topic;
    this.#delivery = delivery;
    this.#membership = membership;
    delivery.onLost = () => this.#end();
  }

  /** Calls `run` once the message is settled or its lease is lost, be that already so. */
  whenOver(run: () => void): void {
    if (this.#held) this.#tell = run;
    else run();
  }

  async ack(): Promise<void> {
    if (this.#begin()) await this.#membership.acknowledge(this.#delivery as Delivery);
  }

  async nack(options: { readonly delayMs?: number; readonly error?: Error } = {}): Promise<void> {
    const { delayMs, error } = options;
    if (delayMs !== undefined) checkRetryDelay(delayMs);
    const delaysMs = delayMs === undefined ? [] : [delayMs];
    await this.#fail(verdictOf(error, this.attempt, { delaysMs }));
  }

  async deadLetter(reason?: string): Promise<void> {
    await this.#fail(rejection(reason));
  }

  async #fail(verdict: Verdict): Promise<void> {
    if (!this.#begin()) return;
    const { lost } = this.#delivery;
    this.#membership.fail(this.#delivery as Delivery, verdict);
    if (lost !== null) throw lost;
    await this.#membership.roundTrip();
  }

  /** For others: nobody has seen it. */
  async giveBack(): Promise<void> {
    await this.#fail(UNSEEN);
  }

  async extend(ms: number): Promise<void> {
    await this.#delivery.extend(ms);
  }

  /** Decodes the body before anybody sees the message; rejects with CODEC. */
  async decode(): Promise<void> {
    await decodeBody(this.#topic, this.#delivery.message);
  }

  get id(): string {
    return this.#delivery.message.id;
  }

  get topic(): string {
    return this.#delivery.message.topic;
  }

  get body(): T {
    return this.#delivery.message.body;
  }

  get raw(): Uint8Array {
    return this.#delivery.message.raw;
  }

  get storedBody(): Uint8Array {
    return this.#delivery.message.storedBody;
  }

  get keys(): readonly string[] {
    return this.#delivery.message.keys;
  }

  get tag(): string | undefined {
    return this.#delivery.message.tag;
  }

  get orderingKey(): string | undefined {
    return this.#delivery.message.orderingKey;
  }

  get properties(): Readonly<Record<string, string>> {
    return this.#delivery.message.properties;
  }

  get broker(): string {
    return this.#delivery.message.broker;
  }

  get queueId(): number {
    return this.#delivery.message.queueId;
  }

  get queueOffset(): number {
    return this.#delivery.offset;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get lastError(): LastError | undefined {
    return this.#delivery.message.lastError;
  }

  get dead(): DeadLetter | undefined {
    return this.#delivery.message.dead;
  }

  get ttlMs(): number | undefined {
    return this.#delivery.message.ttlMs;
  }

  get bornAt(): Date {
    return this.#delivery.message.bornAt;
  }

  get storedAt(): Date {
    return this.#delivery.message.storedAt;
  }

  get bornHost(): string {
    return this.#delivery.message.bornHost;
  }

  toJSON(): object {
    return this.#delivery.message.toJSON();
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  /** Whether this is the first word on the message; later ones change nothing. */
  #begin(): boolean {
    if (this.#delivery.settled) return false;
    this.#delivery.settled = true;
    this.#end();
    return true;
  }

  get #held(): boolean {
    const { flow, offset } = this.#delivery;
    return flow.inFlight.get(offset) === (this.#delivery as Delivery);
  }

  #end(): void {
    if (!this.#held) return;
    this.#delivery.flow.inFlight.delete(this.#delivery.offset);
    this.#tell();
  }
}
