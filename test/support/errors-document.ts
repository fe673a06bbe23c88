import { ERRORS, type Retry, type Sent } from "../../proto/kernel/errors.js";

const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: "CANCELLED",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  6: "ALREADY_EXISTS",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  10: "ABORTED",
  11: "OUT_OF_RANGE",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  15: "DATA_LOSS",
  16: "UNAUTHENTICATED",
};

const RETRIES: Readonly<Record<Retry, string>> = {
  never: "the same request fails again",
  reroute: "ask for new routes and try there",
  backoff: "wait, then try the same broker",
  other: "try another broker",
};

const SENT: Readonly<Record<Sent, string>> = {
  no: "nothing was stored",
  yes: "the message is stored",
  maybe: "the message may be stored: the outcome is unknown",
};

/** docs/errors.md, from the table of errors. */
export function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { grpc, retry, sent, doc }]) =>
      `| \`${code}\` | ${STATUS_NAMES[grpc]} ${grpc} | ${retry} | ${sent} | ${doc} |`,
  );
  return `# Errors

Printed from \`proto/kernel/errors.ts\` by \`npm run docs\`; change it there.

Every failure is a \`LogwheelError\` with one of these codes. On the wire it is a gRPC status with the code in the trailer
\`mq-code\` and, percent-encoded, its sentence in \`mq-message\`; \`mq-sent\` and \`mq-retry-after-ms\` carry what is known beside.
The Node SDK rebuilds the same error and retries by the third column; callers in other languages do the same by it.

Retry: ${list(RETRIES)}.

Sent, for a failed send unless the error itself says otherwise: ${list(SENT)}.

| code | gRPC status | retry | sent | meaning |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function list(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([word, meaning]) => `\`${word}\`: ${meaning}`)
    .join("; ");
}
