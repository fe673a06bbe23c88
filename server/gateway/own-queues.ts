import { queueOf } from "./outstanding.js";

/** A queue that is this member's. */
export interface OwnQueue {
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
  readonly generation: number;
}

/** What the queues of a consumer stand on. */
export interface OwnQueuesDeps {
  /** Whether the client has something of it. */
  isBusy(queue: OwnQueue): boolean;
  /** It is not the member's any more: what has come of it goes. */
  lost(queue: OwnQueue): void;
  /** Nothing of it is out any more: another member may have it. */
  release(queue: OwnQueue): void;
}

/** The queues that a consumer has, in order; one on its way out is given back when nothing of it is out. */
export class OwnQueues {
  readonly #deps: OwnQueuesDeps;
  readonly #assigned = new Map<string, OwnQueue>();
  readonly #revoking = new Map<string, OwnQueue>();

  constructor(deps: OwnQueuesDeps) {
    this.#deps = deps;
  }

  /** These are the member's on a broker from now on, and no others. */
  assign(broker: string, assigned: readonly Omit<OwnQueue, "broker">[]): void {
    const now = new Map(
      assigned.map((each) => [queueOf(each.topic, { ...each, broker }), { ...each, broker }]),
    );
    for (const [name, had] of [...this.#assigned]) {
      if (had.broker !== broker || now.get(name)?.generation === had.generation) continue;
      this.#assigned.delete(name);
      this.#deps.lost(had);
      if (now.has(name)) continue;
      if (this.#deps.isBusy(had)) this.#revoking.set(name, had);
      else this.#deps.release(had);
    }
    for (const [name, each] of now) this.#assigned.set(name, each);
  }

  /** The client has one message less of a queue. */
  settled(topic: string, place: Pick<OwnQueue, "broker" | "queueId">): void {
    const name = queueOf(topic, place);
    const revoking = this.#revoking.get(name);
    if (revoking === undefined || this.#deps.isBusy(revoking)) return;
    this.#revoking.delete(name);
    this.#deps.release(revoking);
  }

  /** The broker knows of none any more. */
  drop(broker: string): void {
    for (const queues of [this.#assigned, this.#revoking])
      for (const [name, each] of [...queues]) if (each.broker === broker) queues.delete(name);
  }
}
