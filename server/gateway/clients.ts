import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Settings__Output } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { TelemetryCommand } from "../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { CallContext } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import { refusal } from "./status.js";

/** Silence after which a client is forgotten; they are heard every 30 s at least. */
export const CLIENT_EXPIRY_MS = 120_000;
const LOOK_MS = 10_000;

/** What is remembered of all clients together. */
const CLIENTS_MAX = { count: 100_000, textBytes: 64 << 20 } as const;

/** A client of RocketMQ, as far as it has told. One that consumes is known without having told anything. */
export interface GatewayClient {
  readonly id: string;
  /** What it said last on a stream, see `GatewayClients.settle`; undefined before. */
  readonly settings: Settings__Output | undefined;
  /** Of its resources that have none of their own, as it said with its settings. */
  readonly namespace: string;
  /** Writes on its newest telemetry stream; undefined while it has none. */
  tell: ((command: TelemetryCommand) => void) | undefined;
  heardMs: number;
}

/** A client as it is remembered here. */
interface Known extends GatewayClient {
  settings: Settings__Output | undefined;
  namespace: string;
}

/** Who is there, by the id that clients give themselves. In memory only: after a restart they tell again. */
export class GatewayClients implements Lifecycle {
  readonly #clock: Clock;
  readonly #gone: (client: GatewayClient) => void;
  readonly #max: { readonly count: number; readonly textBytes: number };
  readonly #byId = new Map<string, Known>();
  /** What its id and settings take, by client: about as much as they had on the wire. */
  readonly #textBytes = new WeakMap<GatewayClient, number>();
  #textBytesInAll = 0;
  #cancel: () => void = () => {};

  /** `gone` is called when a client has ended, or was silent for too long. */
  constructor(
    clock: Clock,
    gone: (client: GatewayClient) => void,
    max: { readonly count: number; readonly textBytes: number } = CLIENTS_MAX,
  ) {
    this.#clock = clock;
    this.#max = max;
    this.#gone = gone;
  }

  [Symbol.iterator](): Iterator<GatewayClient> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  async start(): Promise<void> {
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      this.#look();
      void this.start();
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    for (const client of [...this.#byId.values()]) this.end(client);
  }

  /** The client of this id; asking for it is not hearing it. */
  get(id: string): GatewayClient | undefined {
    return this.#byId.get(id);
  }

  /** The client of a call, heard now; undefined for an id that is new. */
  heard(id: string): Known | undefined {
    const client = this.#byId.get(id);
    if (client === undefined) return undefined;
    client.heardMs = this.#clock.monotonicMs();
    // The one that was heard longest ago is the first.
    this.#byId.delete(id);
    this.#byId.set(id, client);
    return client;
  }

  /** The client of a telemetry stream, or one that consumes; made if it is new. */
  meet(id: string): GatewayClient {
    const known = this.heard(id);
    if (known !== undefined) return known;
    const heardMs = this.#clock.monotonicMs();
    const client: Known = { id, settings: undefined, namespace: "", tell: undefined, heardMs };
    this.#byId.set(id, client);
    this.#weigh(client, id.length);
    return client;
  }

  /** The client of a telemetry stream has said what it is. */
  settle(id: string, settings: Settings__Output, namespace = ""): GatewayClient {
    const client = this.meet(id) as Known;
    client.settings = settings;
    client.namespace = namespace;
    this.#weigh(client, id.length + namespace.length + JSON.stringify(settings).length);
    return client;
  }

  end(client: GatewayClient): void {
    if (!this.#byId.delete(client.id)) return;
    this.#textBytesInAll -= this.#textBytes.get(client)!;
    this.#gone(client);
  }

  /** Makes room for the client, if there is none, by those that were heard longest ago. */
  #weigh(client: Known, textBytes: number): void {
    this.#textBytesInAll += textBytes - (this.#textBytes.get(client) ?? 0);
    this.#textBytes.set(client, textBytes);
    for (const oldest of this.#byId.values()) {
      if (oldest === client) return;
      if (this.#byId.size <= this.#max.count && this.#textBytesInAll <= this.#max.textBytes) return;
      this.end(oldest);
    }
  }

  #look(): void {
    const sinceMs = this.#clock.monotonicMs() - CLIENT_EXPIRY_MS;
    for (const client of [...this.#byId.values()])
      if (client.heardMs < sinceMs && client.tell === undefined) this.end(client);
  }
}

/** The id that a client gives itself; empty for none. */
export function clientIdOf(call: CallContext): string {
  return lastOf(call.header("x-mq-client-id"));
}

/** Why a call is not taken whatever it asks for; undefined if it is. */
export function callerRefusal(call: CallContext): Status | undefined {
  if (clientIdOf(call) !== "") return undefined;
  return refusal(Code.CLIENT_ID_REQUIRED, "the call has no x-mq-client-id");
}

/** The namespace of a call's resources that have none of their own. */
export function namespaceOf(call: CallContext): string {
  return lastOf(call.header("x-mq-namespace"));
}

/** Of a header that came more than once: Go's client adds all of its headers again with each attempt of a call, and HTTP/2 joins them. */
export function lastOf(header = ""): string {
  return header.slice(header.lastIndexOf(",") + 1).trim();
}
