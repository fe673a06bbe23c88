import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import type { Amount } from "./credit.js";
import type { ConsumeMode } from "./types.js";

/** What a member is and wants: the same on every broker. */
export interface MemberOptions {
  readonly group: string;
  readonly mode: ConsumeMode;
  /** What the hello says, but for who and where. */
  readonly hello: Hello;
  readonly leaseMs: number;
  /** Lengthens leases in time, of what waits and of what is in handlers. */
  readonly keepsLeases: boolean;
  /** Nothing: only what is demanded is granted. */
  readonly limit: Amount;
}
