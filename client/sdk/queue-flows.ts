import type { Assigned__Output } from "../../proto/gen/logwheel/v1/Assigned.js";
import type { Position } from "../../proto/gen/logwheel/v1/Position.js";
import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { QueueFlow, type QueueName, queueKey, type Settler } from "./queue-flow.js";

/** What an assignment changes. */
export interface FlowChanges {
  /** Had before under the same generation. */
  readonly kept: readonly QueueFlow[];
  /** Not this member's any more: what runs may finish. */
  readonly revoked: readonly QueueFlow[];
  /** Begun anew under another generation: results of the old one do not count. */
  readonly lost: readonly QueueFlow[];
}

/** The queues that one member has on one broker. */
export class QueueFlows {
  readonly #settler: Settler;
  readonly #broker: string;
  readonly #byKey = new Map<string, QueueFlow>();

  constructor(settler: Settler, broker: string) {
    this.#settler = settler;
    this.#broker = broker;
  }

  [Symbol.iterator](): Iterator<QueueFlow> {
    return this.#byKey.values();
  }

  get(name: QueueName): QueueFlow | undefined {
    return this.#byKey.get(queueKey(name));
  }

  /** Whether any message is in a handler. */
  get busy(): boolean {
    for (const { inFlight } of this) if (inFlight.size > 0) return true;
    return false;
  }

  /** Broadcast mode: where the broker is to begin, for the hello. */
  ask(): Position[] {
    return Array.from(this, (flow) => ({ topic: flow.topic, queueId: flow.queueId, offset: flow.ask() }));
  }

  /** Shared mode: what this member has, for the hello. */
  get held(): QueueAck[] {
    return Array.from(this, (flow) => flow.name(flow.held));
  }

  /** Takes over the list of all queues that the member has from now on. */
  assign(queues: readonly Assigned__Output[]): FlowChanges {
    const before = new Map(this.#byKey);
    const [kept, lost]: [QueueFlow[], QueueFlow[]] = [[], []];
    for (const assigned of queues) {
      const key = queueKey(assigned);
      const flow = before.get(key);
      before.delete(key);
      const same = flow?.generation === assigned.generation && !flow.isCutTo(assigned.offset);
      if (same && flow.state === "assigned") kept.push(flow);
      else {
        const next = new QueueFlow(this.#settler, this.#broker, assigned);
        if (flow !== undefined) {
          lost.push(flow);
          next.keys.follow(flow.keys);
          flow.successor = next;
        }
        this.#byKey.set(key, next);
      }
    }
    const revoked = [...before.values()].filter(({ state }) => state === "assigned");
    for (const flow of revoked) flow.state = "revoking";
    return { kept, revoked, lost };
  }

  /** The queue is gone: nothing that is said of it counts. */
  delete(flow: QueueFlow): void {
    flow.state = "gone";
    const key = queueKey(flow);
    if (this.#byKey.get(key) === flow) this.#byKey.delete(key);
  }
}

/** Why a result does not count: the queue is another member's. */
export function notOurs({ queueId, topic, broker }: QueueFlow): LogwheelError {
  return new LogwheelError(
    "NOT_ASSIGNED",
    `queue ${queueId} of topic ${topic} went to another member: the result no longer counts`,
    { topic, broker },
  );
}
