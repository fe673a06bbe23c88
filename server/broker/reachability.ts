import { isLoopback, parseAddress } from "../../proto/kernel/address.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Connect } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** What to check. */
export interface ReachabilityOptions {
  readonly name: string;
  /** Tells this process from another broker of the same name. */
  readonly startedAtMs: number;
  readonly listen: string;
  readonly advertise: string;
  readonly connect: Connect;
}

const TIMEOUT_MS = 3_000;

/**
 * Connects to the broker's own advertised address, as its clients will, and says in plain words what is wrong with
 * it; null when this broker answers there. Never throws.
 */
export async function reachabilityWarning(options: ReachabilityOptions): Promise<string | null> {
  const { name, startedAtMs, listen, advertise, connect } = options;
  const advice =
    "set --advertise to a host and port that clients reach; in a container, those that the host publishes";
  if (isLoopback(parseAddress(advertise).host) && !isLoopback(parseAddress(listen).host))
    return `clients are sent to ${advertise}, which means their own machine, though this broker listens on ${listen}: ${advice}`;
  const channel = connect(advertise);
  try {
    const found = await channel.unary(ADMIN.describeBroker, {}, { timeoutMs: TIMEOUT_MS });
    if (found.name === name && found.startedAtMs === startedAtMs) return null;
    return `clients are sent to ${advertise}, but there another broker answers, called ${found.name}: ${advice}`;
  } catch (thrown) {
    const reason = LogwheelError.from(thrown).message;
    return `clients are sent to ${advertise}, but this broker cannot reach itself there (${reason}): ${advice}`;
  } finally {
    channel.close();
  }
}
