import { parseAddress } from "../../proto/kernel/address.js";
import { parseDuration } from "../../proto/kernel/quantity.js";
import type { Client } from "../index.js";
import { countOf, optionValue } from "./option-value.js";
import type { Terminal } from "./terminal.js";

/** Where a name server is unless someone says otherwise. */
export const NAME_SERVER = "127.0.0.1:9876";

/** Options of every verb that talks to a cluster. */
export const CLIENT_OPTIONS = {
  namesrv: {
    type: "string",
    description: "Name servers, with commas between",
    defaultDescription: `$LOGWHEEL_NAMESRV, else ${NAME_SERVER}`,
    requiresArg: true,
  },
  timeout: {
    type: "string",
    default: "10s",
    description: "How long an answer may take",
    requiresArg: true,
  },
} as const;

/** What those options give. */
export interface ClientArgs {
  readonly namesrv: string | undefined;
  readonly timeout: string;
}

/** Addresses of the name servers: the option, else the variable, else this machine's. */
export function nameServers(args: ClientArgs, terminal: Terminal): string[] {
  const place = args.namesrv === undefined ? "LOGWHEEL_NAMESRV" : "--namesrv";
  const text = args.namesrv ?? (terminal.environment["LOGWHEEL_NAMESRV"] || NAME_SERVER);
  const addresses = text.split(",").map((address) => address.trim());
  for (const address of addresses) optionValue(place, () => parseAddress(address));
  return addresses;
}

/** How long an answer may take, and what ends the wait earlier. */
export function callOptions(
  args: ClientArgs,
  terminal: Terminal,
): { timeoutMs: number; signal: AbortSignal } {
  const timeoutMs = countOf(
    "--timeout",
    optionValue("--timeout", () => parseDuration(args.timeout)),
  );
  return { timeoutMs, signal: terminal.signal };
}

/** Runs something with a connected client and closes it in the end. The SDK is imported here, not before. */
export async function withClient<T>(
  args: ClientArgs,
  terminal: Terminal,
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const { timeoutMs, signal } = callOptions(args, terminal);
  const options = {
    endpoints: nameServers(args, terminal),
    requestTimeoutMs: timeoutMs,
    logger: false,
  } as const;
  const { connect } = await import("../index.js");
  const client = await connect({ ...options, signal });
  try {
    return await run(client);
  } finally {
    await client.close({ drain: !signal.aborted, timeoutMs });
  }
}
