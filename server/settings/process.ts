import type { Table } from "./table.js";

/** Settings that every process has. */
export const PROCESS_SETTINGS = {
  metrics: {
    kind: "address",
    default: null,
    doc: "Serve /metrics, /healthz and /readyz over HTTP here; off unless set.",
  },
  logLevel: {
    kind: "choice",
    choices: ["trace", "debug", "info", "warn", "error", "silent"],
    default: "info",
    doc: "Least important log lines that are written, as JSON on stderr.",
  },
  stopMs: {
    kind: "duration",
    default: 30_000,
    min: 1_000,
    max: 600_000,
    doc: "Time for a graceful stop after the first signal; what is left then is cut off.",
  },
} as const satisfies Table;

/** Settings of the gRPC listener, the same for every process. */
export const LISTENER_SETTINGS = {
  tlsCert: {
    kind: "string",
    default: null,
    pattern: /./,
    doc: "PEM file of the certificate (with those that lead up to its authority) for clients that begin with TLS; plain connections are taken on the same port all the same. No TLS unless set.",
  },
  tlsKey: {
    kind: "string",
    default: null,
    pattern: /./,
    doc: "PEM file of that certificate's key, without a passphrase.",
  },
  connectionsMax: {
    kind: "number",
    default: 4_000,
    min: 1,
    max: 1_000_000,
    doc: "Connections at a time; more are refused.",
  },
  connectionsPerAddressMax: {
    kind: "number",
    default: 200,
    min: 1,
    max: 1_000_000,
    doc: "Connections at a time from one address; does not count on loopback.",
  },
  streamsPerConnectionMax: {
    kind: "number",
    default: 128,
    min: 1,
    max: 100_000,
    doc: "Calls and streams at a time on one connection.",
  },
} as const satisfies Table;
