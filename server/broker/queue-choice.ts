import type { Envelope } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "../store/queue.js";
import type { State } from "../store/state.js";
import type { Sent } from "./sent.js";
import { checkTopicType } from "./topic-type.js";

/** Chooses queues: the one that is asked for, by ordering key, or in turn. */
export class QueueChoice {
  readonly #state: State;
  #turn = 0;

  constructor(state: State) {
    this.#state = state;
  }

  /** The queue for the message in the envelope, after checking that topic and order allow it. */
  choose(sent: Sent, envelope: Envelope, checkOrder = true): Queue {
    const { topic } = sent;
    const { keyHash } = envelope;
    checkTopicType(topic, envelope, sent.half);
    const queue = this.#queue(sent, keyHash);
    if (checkOrder && keyHash !== 0 && sent.ordered && sent.producerId !== 0) this.#checkOrder(sent, queue);
    return queue;
  }

  #queue(sent: Sent, keyHash: number): Queue {
    const { queues } = sent.topic;
    if (sent.queue > 0) {
      const queue = queues[sent.queue - 1];
      if (queue !== undefined) return queue;
      throw new LogwheelError(
        "BAD_REQUEST",
        `topic ${sent.topic.name} has queues 0 to ${queues.length - 1} on this broker, not ${sent.queue - 1}`,
      );
    }
    return queues[(keyHash === 0 ? this.#turn++ : keyHash) % queues.length]!;
  }

  /** A message that names its predecessor is refused unless that one is the producer's latest in the queue. */
  #checkOrder(sent: Sent, queue: Queue): void {
    const before =
      this.#state.producers.get(sent.producerId)?.orderedBefore(queue.topic.number, queue.id) ?? 0;
    if (sent.after === before) return;
    throw new LogwheelError(
      "SEQUENCE_GAP",
      `the message follows sequence ${sent.after} of its producer in queue ${queue.id} of ${queue.topic.name}, but the queue has ${before}`,
    );
  }
}
