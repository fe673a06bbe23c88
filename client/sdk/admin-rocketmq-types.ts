import type { CallOptions } from "./types.js";

/** A client of RocketMQ 5, as the gateway of one broker knows it. */
export interface RocketmqClientInfo {
  /** That it gives itself. */
  readonly id: string;
  readonly broker: string;
  /** As RocketMQ's protocol names it, for example `PUSH_CONSUMER`; undefined: it has not told. */
  readonly type: string | undefined;
  /** As RocketMQ's protocol names it, for example `JAVA`; undefined: it has not told. */
  readonly language: string | undefined;
  readonly version: string | undefined;
  readonly host: string | undefined;
  /** Of a consumer. */
  readonly group: string | undefined;
  /** That it sends to, or is subscribed to. */
  readonly topics: readonly string[];
  /** Whether it has a telemetry stream to the broker, by which it can be told something. */
  readonly telemetry: boolean;
  readonly lastHeardMsAgo: number;
}

/** Which clients of RocketMQ to list. */
export interface RocketmqClientQuery extends CallOptions {
  readonly group?: string;
  /** Of one broker, 1,024 at most; that many unless told otherwise. */
  readonly max?: number;
}

/** How to reach a client of RocketMQ. */
export interface RocketmqCommandOptions extends CallOptions {
  /** Whose telemetry stream to use; without it the first that has one. */
  readonly broker?: string;
}

/** What a client of RocketMQ has answered. */
export interface RocketmqAnswer {
  readonly id: string;
  readonly broker: string;
  /** As RocketMQ's protocol names it, for example `OK` or `NOT_IMPLEMENTED`; undefined: it said none. */
  readonly status: string | undefined;
  /** Its words beside the status. */
  readonly message: string | undefined;
}

/**
 * Clients of RocketMQ 5 that brokers serve. Commands throw CLIENT_NOT_FOUND, CONFLICT if the client has no telemetry stream, and TIMEOUT
 * if it does not answer.
 */
export interface RocketmqClientsOf {
  /** A client comes once for each broker that knows it. CONFLICT if no broker serves any. */
  list(
    query?: RocketmqClientQuery,
  ): Promise<{ readonly clients: readonly RocketmqClientInfo[]; readonly more: boolean }>;
  /** The stacks of its threads. */
  stackTrace(
    id: string,
    options?: RocketmqCommandOptions,
  ): Promise<RocketmqAnswer & { readonly stackTrace: string | undefined }>;
  /** Has it consume a stored message once, outside of its group. */
  verify(
    id: string,
    message: { readonly topic: string; readonly messageId: string },
    options?: RocketmqCommandOptions,
  ): Promise<RocketmqAnswer>;
  /** Has it connect to the broker again; resolves when that is sent, as it is not answered. */
  reconnect(
    id: string,
    options?: RocketmqCommandOptions,
  ): Promise<{ readonly id: string; readonly broker: string }>;
}
