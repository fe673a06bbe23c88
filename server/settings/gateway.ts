import { ACCESS_SETTINGS } from "./access.js";
import { LISTENER_SETTINGS, PROCESS_SETTINGS } from "./process.js";
import type { Table } from "./table.js";

const MiB = 2 ** 20;

/** The only place where a setting of the gateway is named, defaulted, bounded and explained. */
export const GATEWAY_SETTINGS = {
  listen: {
    kind: "address",
    default: "127.0.0.1:8081",
    doc: "Where clients of RocketMQ 5 connect; loopback only unless told otherwise, 0.0.0.0:8081 for every interface.",
  },
  namesrv: {
    kind: "addresses",
    default: ["127.0.0.1:9876"],
    doc: "Name servers that know the brokers; any of them is enough.",
  },
  ...PROCESS_SETTINGS,
  bodyBytesMax: {
    kind: "bytes",
    default: 4 * MiB,
    min: 1,
    max: 4 * MiB,
    doc: "Largest body of a message that clients are told; brokers have a limit of their own.",
  },
  ...ACCESS_SETTINGS,
  ...LISTENER_SETTINGS,
} as const satisfies Table;
