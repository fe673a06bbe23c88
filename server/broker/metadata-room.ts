import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Store } from "../store/store.js";

/**
 * Throws THROTTLED while topics, groups and cursors take as much as the log's segments have room for: each of them opens
 * with all of it, and a broker that could not write that would have to stop.
 */
export function checkMetadataRoom(store: Store): void {
  if (!store.crowded) return;
  throw new LogwheelError(
    "THROTTLED",
    `this broker's topics, groups and cursors take ${Math.round(store.state.weight / 1_024)} KiB, as much as its segments allow: delete some, or start it with larger segments`,
  );
}
