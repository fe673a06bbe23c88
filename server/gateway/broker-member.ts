import type { Assigned__Output } from "../../proto/gen/logwheel/v1/Assigned.js";
import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import type { Nack } from "../../proto/gen/logwheel/v1/Nack.js";
import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { SessionConnections } from "../../proto/kernel/consume-session.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { MemberLink } from "../../proto/kernel/member-link.js";
import type { StoredRecord } from "../../proto/kernel/record.js";

const CREDIT_BYTES = 16 << 20;

/** A message that has come. */
export interface Arrived {
  readonly topic: string;
  readonly generation: number;
  readonly record: StoredRecord;
  readonly atMs: number;
  /** Ordered: failures that the broker knew of when it took the message. */
  readonly failures: number;
}

/** An acknowledgement that waits for its answer. */
interface Waiting {
  readonly topic: string;
  readonly queueId: number;
  readonly generation: number;
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: LogwheelError) => void;
}

/** What a member stands on. */
export interface BrokerMemberDeps {
  readonly broker: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly connections: SessionConnections;
  readonly leaseMs: number;
  address(): string | undefined;
  hello(): Omit<Hello, "member" | "leaseMs">;
  arrived(arrived: readonly Arrived[]): void;
  /** A message is not this member's any more. */
  lost(topic: string, queueId: number, offset: number, attempt: number): void;
  /** The queues that the member has, with their generations. */
  assigned(queues: readonly Assigned__Output[]): void;
  /** The broker is stopping: see `leave`. */
  draining(): void;
  /** There is no stream: what has come and is not given out is the broker's again. */
  broken(error: LogwheelError): void;
}

/** A client of the gateway as a member of its group on one broker: takes no more messages than it is asked for. */
export class BrokerMember {
  readonly #deps: BrokerMemberDeps;
  readonly #link: MemberLink;
  #id = "";
  /** Granted and not come; below no bytes nothing comes, however many messages are granted. */
  #credit = 0;
  #creditBytes = 0;
  #wanted = 0;
  #ready = false;
  #acks: Waiting[] = [];
  readonly #sent = new Map<number, Waiting[]>();
  #flushing = false;

  constructor(deps: BrokerMemberDeps) {
    const { broker, clock, random, connections } = deps;
    this.#deps = deps;
    const routes = {
      broker: () => {
        const address = deps.address();
        return address === undefined ? undefined : { address };
      },
    };
    this.#link = new MemberLink(
      { broker, clock, random, connections, routes },
      {
        hello: () => ({ ...deps.hello(), leaseMs: deps.leaseMs, member: this.#id }),
        welcomed: ({ member }) => {
          this.#id = member;
        },
        assigned: (queues) => {
          deps.assigned(queues);
          this.#begin();
        },
        arrived: ({ topic, generation, records, failures }) => {
          const atMs = clock.monotonicMs();
          const arrived = Array.from(records, (record) => ({ topic, generation, record, atMs, failures }));
          this.#credit -= arrived.length;
          for (const { record } of arrived) this.#creditBytes -= record.end - record.start;
          deps.arrived(arrived);
        },
        acked: (serial, failures) => this.#acked(serial, failures),
        leaseLost: ({ topic, queueId, offset, attempt }) => deps.lost(topic, queueId, offset, attempt),
        paused: () => {},
        draining: () => deps.draining(),
        broken: (error) => this.#broken(error),
      },
    );
    this.#link.start();
  }

  /** How long a lease lasts from the time on when its message leaves the broker. */
  get leaseMs(): number {
    return this.#deps.leaseMs;
  }

  /** Lets the broker send up to so many messages beside those that it may send already. */
  want(messages: number): void {
    this.#wanted = Math.max(this.#wanted, messages - Math.max(0, this.#credit));
    this.#grant();
  }

  /** Nobody asks any more: the broker sends nothing but what is on its way. */
  unwant(): void {
    if (this.#credit > 0) this.#link.session?.credit({ messages: 0, bytes: 0, anew: true });
    this.#wanted = this.#credit = this.#creditBytes = 0;
  }

  /** Resolves when the broker has it; rejects with why it does not count. */
  ack(topic: string, queueId: number, generation: number, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#acks.push({ topic, queueId, generation, offset, resolve, reject });
      if (this.#flushing) return;
      this.#flushing = true;
      setImmediate(() => this.#flush());
    });
  }

  nack(nack: Nack): void {
    this.#link.session?.nack(nack);
  }

  extend(topic: string, queueId: number, offset: number, attempt: number, leaseMs: number): void {
    this.#link.session?.extend({ topic, queueId, offset, attempt, leaseMs });
  }

  released(topic: string, queueId: number, generation: number): void {
    this.#link.session?.released({ topic, queueId, generation });
  }

  /** How many failures were told on this stream. */
  get failures(): number {
    return this.#link.session?.failures ?? 0;
  }

  /** Resolves when the broker has worked off what was said. */
  roundTrip(): Promise<void> {
    const { session } = this.#link;
    if (session === null || !this.#ready)
      return Promise.reject(
        new LogwheelError("BROKER_UNAVAILABLE", `broker ${this.#deps.broker} cannot be reached`),
      );
    return session.roundTrip();
  }

  /** Leaves a broker that is stopping, until it is back. */
  leave(): void {
    this.#flush();
    this.#link.leave(new LogwheelError("BROKER_STOPPING", `broker ${this.#deps.broker} is stopping`));
  }

  close(): void {
    this.#flush();
    this.#link.close();
    this.#broken(new LogwheelError("CLOSED", "the client is gone"));
  }

  #begin(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#grant();
    this.#flush();
  }

  #grant(): void {
    const starved = this.#credit > 0 && this.#creditBytes <= 0;
    if (!this.#ready || (this.#wanted <= 0 && !starved)) return;
    const messages = Math.max(0, this.#wanted);
    this.#credit += messages;
    this.#creditBytes += CREDIT_BYTES;
    this.#link.session?.credit({ messages, bytes: CREDIT_BYTES });
    this.#wanted = 0;
  }

  #flush(): void {
    this.#flushing = false;
    const { session } = this.#link;
    if (session === null || !this.#ready || this.#acks.length === 0) return;
    const waiting = this.#acks.splice(0);
    this.#sent.set(session.ack(together(waiting), true), waiting);
  }

  /** A refusal does not say which of several it is about: then each is told alone. */
  #acked(serial: number, failures: readonly LogwheelError[]): void {
    const waiting = this.#sent.get(serial) ?? [];
    this.#sent.delete(serial);
    const [failure] = failures;
    if (failure === undefined) for (const { resolve } of waiting) resolve();
    else if (waiting.length === 1) waiting[0]!.reject(failure);
    else {
      const { session } = this.#link;
      for (const one of waiting)
        if (session === null) one.reject(failure);
        else this.#sent.set(session.ack(together([one]), true), [one]);
    }
  }

  #broken(error: LogwheelError): void {
    this.#ready = false;
    this.#wanted = this.#credit = this.#creditBytes = 0;
    const lost = new LogwheelError("CONNECTION_LOST", `the broker did not answer: ${error.message}`);
    for (const waiting of [...this.#sent.values(), this.#acks.splice(0)])
      for (const { reject } of waiting) reject(lost);
    this.#sent.clear();
    this.#deps.broken(error);
  }
}

/** What is acknowledged, by queue. */
function together(acks: readonly Waiting[]): QueueAck[] {
  const queues: (QueueAck & { ranges: { start: number; end: number }[] })[] = [];
  for (const { topic, queueId, generation, offset } of acks) {
    let queue = queues.find(
      (each) => each.queueId === queueId && each.topic === topic && each.generation === generation,
    );
    if (queue === undefined) {
      queue = { topic, queueId, generation, ranges: [] };
      queues.push(queue);
    }
    queue.ranges.push({ start: offset, end: offset + 1 });
  }
  return queues;
}
