import type { Table } from "./table.js";

/** Who may come in as a client of RocketMQ, the same for brokers and gateways. */
export const ACCESS_SETTINGS = {
  rocketmqAccessKey: {
    kind: "string",
    default: null,
    pattern: /^[^\s,/]{1,128}$/,
    doc: "Access key that clients of RocketMQ have to sign their calls with; none has to unless set.",
  },
  rocketmqAccessSecret: {
    kind: "secret",
    default: null,
    doc: "Secret of that access key. It has no flag, since command lines are seen by others, and is never shown.",
  },
} as const satisfies Table;
