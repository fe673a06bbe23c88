import { LISTENER_SETTINGS, PROCESS_SETTINGS } from "./process.js";
import type { Table } from "./table.js";

/** The only place where a setting of the name server is named, defaulted, bounded and explained. */
export const NAME_SERVER_SETTINGS = {
  listen: {
    kind: "address",
    default: "127.0.0.1:9876",
    doc: "Where brokers and clients connect; loopback only unless told otherwise, 0.0.0.0:9876 for every interface.",
  },
  ...PROCESS_SETTINGS,
  brokerExpiryMs: {
    kind: "duration",
    default: 15_000,
    min: 100,
    max: 600_000,
    doc: "Silence after which a broker leaves the routes.",
  },
  ...LISTENER_SETTINGS,
} as const satisfies Table;
