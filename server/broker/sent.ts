import type { TopicState } from "../store/queue.js";

/** One message on its way into a queue; a single object is filled again and again. */
export interface Sent {
  topic: TopicState;
  /** Queue id + 1; 0: by the ordering key, else in turn. */
  queue: number;
  producerId: number;
  sequence: number;
  after: number;
  /** The producer states its order: `after` is checked. */
  ordered: boolean;
  half: boolean;
  /** Place of the transaction that it joins; 0 for none. */
  transaction: number;
  transactionEpoch: number;
  start: number;
  end: number;
}
