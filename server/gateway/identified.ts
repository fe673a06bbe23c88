import type { CallContext, Handlers } from "../../proto/kernel/channel.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { callerRefusal } from "./clients.js";

type Messaging = typeof MESSAGING;
type Unary = (request: unknown, call: CallContext) => unknown;

/** The same handlers for calls that say whose they are; others get a status that says so. Streams see to that themselves. */
export function identified(handlers: Handlers<Messaging>): Handlers<Messaging> {
  const all: Record<string, unknown> = { ...handlers };
  for (const [name, { kind }] of Object.entries(MESSAGING)) {
    if (kind === "stream") continue;
    const handler = handlers[name as keyof Messaging] as Unary;
    const answer: Unary = (request, call) => {
      const status = callerRefusal(call);
      return status === undefined ? handler(request, call) : { status };
    };
    all[name] = answer;
  }
  return all as Handlers<Messaging>;
}
