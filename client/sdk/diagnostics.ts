import { tracingChannel } from "node:diagnostics_channel";

/** A message on its way; `broker` and `receipt` come with the end. */
export interface SendTrace {
  readonly topic: string;
  readonly orderingKey: string | undefined;
  readonly bytes: number;
}

/** Messages that arrived together from one queue. */
export interface ReceiveTrace {
  readonly group: string;
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  readonly count: number;
}

/** One call of a handler. */
export interface ProcessTrace {
  readonly group: string;
  readonly topic: string;
  /** The message, or all of them for a batch handler. */
  readonly messages: readonly unknown[];
}

/** Acknowledgements that leave together for one broker. */
export interface SettleTrace {
  readonly group: string;
  readonly broker: string;
  readonly count: number;
}

/** What tracers may subscribe to (`node:diagnostics_channel`). Nothing is made or called while nobody does. */
export const traces = {
  send: tracingChannel<unknown, SendTrace>("logwheel:send"),
  receive: tracingChannel<unknown, ReceiveTrace>("logwheel:receive"),
  process: tracingChannel<unknown, ProcessTrace>("logwheel:process"),
  settle: tracingChannel<unknown, SettleTrace>("logwheel:settle"),
};
