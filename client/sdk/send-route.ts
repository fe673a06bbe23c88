import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import type { PendingSend } from "./pending-send.js";
import type { Publisher } from "./publisher.js";
import type { Share, TopicRoute } from "./route-table.js";

/** A queue to send to. */
export interface Place {
  readonly publisher: Publisher;
  /** Undefined: the broker makes the topic and chooses. */
  readonly queueId: number | undefined;
}

/** Where messages of a topic can go. */
export interface Places {
  readonly inTurn: readonly Place[];
  readonly keyed: readonly Place[];
  /** There are brokers that have the topic, and none of them may take messages for it. */
  readonly forbidden: boolean;
}

/**
 * Chooses queues for one topic: in turn, by ordering key, or the one asked for. In turn goes past brokers that cannot be
 * reached; a key always means the same queue of the same set.
 */
export class SendRoute {
  readonly #topic: string;
  readonly #inTurn: readonly Place[];
  readonly #keyed: readonly Place[];
  readonly #forbidden: boolean;
  #next: number;

  /** `start`, from 0 to 1, is where turns begin, so that producers do not all begin with the same queue. */
  constructor(topic: string, { inTurn, keyed, forbidden }: Places, start: number) {
    this.#topic = topic;
    this.#forbidden = forbidden;
    this.#inTurn = inTurn;
    this.#keyed = keyed;
    this.#next = Math.floor(start * inTurn.length);
  }

  /** Where the message goes. Throws TOPIC_NOT_FOUND, FORBIDDEN or BAD_REQUEST if there is no such place. */
  choose(send: PendingSend): Place {
    if (send.wantedQueue !== undefined || send.wantedBroker !== undefined) return this.#wanted(send);
    if (send.orderingKey) return this.#byKey(send.orderingKey);
    return this.#turn(send);
  }

  #turn(send: PendingSend): Place {
    const places = this.#inTurn;
    const count = places.length;
    for (let tried = 0; tried < count; tried++) {
      const at = this.#next < count ? this.#next : 0;
      this.#next = at + 1;
      const place = places[at]!;
      if (place.publisher.reachable && place.publisher.broker !== send.avoid) return place;
    }
    return this.#turnAnyway(send);
  }

  /** Nobody else is left: a broker that cannot be reached, or the one that refused before. */
  #turnAnyway(send: PendingSend): Place {
    const places = this.#inTurn;
    if (places.length === 0) throw this.#nowhere();
    const same = places.filter(({ publisher }) => publisher.reachable);
    const from = same.length > 0 ? same : places;
    const place = from[this.#next++ % from.length]!;
    send.avoid = undefined;
    return place;
  }

  #byKey(key: string): Place {
    const places = this.#keyed;
    if (places.length === 0) throw this.#nowhere();
    return places[fnv1aOf(key) % places.length]!;
  }

  #wanted(send: PendingSend): Place {
    const { wantedQueue, wantedBroker } = send;
    const places = this.#keyed.filter(
      ({ publisher, queueId }) =>
        (wantedBroker === undefined || publisher.broker === wantedBroker) &&
        (wantedQueue === undefined || queueId === undefined || queueId === wantedQueue),
    );
    const first = places[0];
    if (first === undefined) throw this.#noSuchQueue(send);
    if (wantedQueue === undefined)
      return send.orderingKey
        ? places[fnv1aOf(send.orderingKey) % places.length]!
        : places[this.#next++ % places.length]!;
    if (places.some(({ publisher }) => publisher !== first.publisher))
      throw new LogwheelError(
        "BAD_REQUEST",
        `topic ${this.#topic} has a queue ${wantedQueue} on several brokers: say which with \`broker\``,
        { topic: this.#topic },
      );
    return first.queueId === undefined ? { publisher: first.publisher, queueId: wantedQueue } : first;
  }

  #nowhere(): LogwheelError {
    const topic = this.#topic;
    if (this.#forbidden)
      return new LogwheelError("FORBIDDEN", `topic ${topic} takes no messages: give it write permission`, {
        topic,
      });
    if (this.#keyed.length > 0)
      return new LogwheelError("BROKER_UNAVAILABLE", `no broker that has topic ${topic} is in the routes`, {
        topic,
      });
    return new LogwheelError(
      "TOPIC_NOT_FOUND",
      `no broker has topic ${topic}: create it, or switch auto-create on`,
      { topic },
    );
  }

  #noSuchQueue({ wantedQueue, wantedBroker }: PendingSend): LogwheelError {
    if (this.#keyed.length === 0) return this.#nowhere();
    const what = wantedQueue === undefined ? "no queue" : `no queue ${wantedQueue}`;
    const where = wantedBroker === undefined ? "" : ` on broker ${wantedBroker}`;
    return new LogwheelError("BAD_REQUEST", `topic ${this.#topic} has ${what}${where} to send to`, {
      topic: this.#topic,
    });
  }
}

/** Places that are kept; more are made again. */
const PLACES_KEPT = 1_024;

/** The places of routes: a queue each, or, where nobody has the topic, the broker that is to make it. */
export class RoutePlaces {
  readonly #publisherOf: (broker: string) => Publisher;
  /** Topics that are on the same brokers share theirs, so that sends to many topics do not wait for the memory. */
  readonly #shared = new Map<string, Places>();

  constructor(publisherOf: (broker: string) => Publisher) {
    this.#publisherOf = publisherOf;
  }

  of({ topic, shares }: TopicRoute, makers: readonly BrokerInfo__Output[]): Places {
    if (shares.length === 0 && makers.length > 0) {
      const maker = { publisher: this.#publisherOf(makerOf(topic, makers).name), queueId: undefined };
      return { inTurn: [maker], keyed: [maker], forbidden: false };
    }
    const key = JSON.stringify(
      shares.map(({ broker, queues, writable, goneMs }) => [broker, queues, writable, goneMs === null]),
    );
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    if (this.#shared.size === PLACES_KEPT) this.#shared.clear();
    const places = this.#make(shares);
    this.#shared.set(key, places);
    return places;
  }

  #make(shares: readonly Share[]): Places {
    const inTurn: Place[] = [];
    const keyed: Place[] = [];
    for (const share of shares) {
      if (!share.writable) continue;
      const publisher = this.#publisherOf(share.broker);
      for (let queueId = 0; queueId < share.queues; queueId++) {
        const place = { publisher, queueId };
        keyed.push(place);
        if (share.goneMs === null) inTurn.push(place);
      }
    }
    return { inTurn, keyed, forbidden: shares.length > 0 && keyed.length === 0 };
  }
}

/** One broker makes a topic, the same one for every client, so that keys do not change queues while routes spread. */
function makerOf(topic: string, makers: readonly BrokerInfo__Output[]): BrokerInfo__Output {
  return makers[fnv1aOf(topic) % makers.length]!;
}
