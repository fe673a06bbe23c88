import { Metadata, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { trailersOf } from "../../../proto/kernel/error-trailers.js";
import { ERRORS, type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";
import { errorOfStatus, type GrpcFailure } from "../../../proto/kernel/grpc-status.js";

/** What a client's library makes of what a server sends for the error. */
function statusOf(error: LogwheelError): GrpcFailure & { readonly metadata: Metadata } {
  const { status: code, details, trailers } = trailersOf(error);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { code, details, metadata };
}

const call = { address: "a:1", method: BROKER.seek, timeoutMs: 100 };

describe("gRPC status", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    it(`carries ${code} there and back`, () => {
      const error = new LogwheelError(code, 'Straße 100 %, "x"\n→', { retryAfterMs: 12.3, sent: "yes" });
      const sent = statusOf(error);
      expect(sent.code).to.equal(ERRORS[code].grpc);
      const back = errorOfStatus(sent, call);
      expect(back.toJSON()).to.deep.equal({ ...error.toJSON(), retryAfterMs: 13 });
    });

  it("keeps a sentence within what headers hold", () => {
    const sent = statusOf(new LogwheelError("INTERNAL", "→".repeat(100_000)));
    const bytes = JSON.stringify(sent.metadata.toJSON()).length + encodeURI(sent.details).length;
    expect(bytes).to.be.below(16 << 10);
    expect(errorOfStatus(sent, call).message).to.match(/^→{600}…$/);
  });

  const CASES: readonly [code: number, details: string, expected: ErrorCode, sent: string][] = [
    [
      status.UNAVAILABLE,
      "No connection established. Last error: connect ECONNREFUSED",
      "BROKER_UNAVAILABLE",
      "no",
    ],
    [status.UNAVAILABLE, "Stream refused by server", "BROKER_UNAVAILABLE", "no"],
    [status.UNAVAILABLE, "Connection dropped", "CONNECTION_LOST", "maybe"],
    [status.UNAVAILABLE, "read ECONNRESET", "CONNECTION_LOST", "maybe"],
    [status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)", "CONNECTION_LOST", "maybe"],
    [status.DEADLINE_EXCEEDED, "Deadline exceeded after 1.000s,Waiting for LB pick", "TIMEOUT", "no"],
    [status.DEADLINE_EXCEEDED, "Deadline exceeded after 1.000s,remote_addr=127.0.0.1:1", "TIMEOUT", "maybe"],
    [status.UNIMPLEMENTED, "The server does not implement the method", "UNSUPPORTED_VERSION", "no"],
    [status.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)", "MESSAGE_TOO_LARGE", "no"],
    [status.RESOURCE_EXHAUSTED, "Bandwidth exhausted or memory limit exceeded", "THROTTLED", "maybe"],
    [status.UNAUTHENTICATED, "who are you", "UNAUTHENTICATED", "no"],
    [status.PERMISSION_DENIED, "no", "FORBIDDEN", "no"],
    [status.CANCELLED, "Call cancelled", "CONNECTION_LOST", "maybe"],
    [status.UNKNOWN, "something", "PROTOCOL", "maybe"],
  ];

  it("says what the system said of a connection that was never made, and what to look at", () => {
    const details =
      "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ";
    const { message } = errorOfStatus({ code: status.UNAVAILABLE, details }, call);
    expect(message).to.equal(
      "no connection to a:1: connect ECONNREFUSED 127.0.0.1:1; does a server listen there?",
    );
  });

  for (const [code, details, expected, sent] of CASES)
    it(`takes ${status[code]} "${details}" for ${expected}, sent ${sent}`, () => {
      const error = errorOfStatus({ code, details, metadata: new Metadata() }, call);
      expect([error.code, error.sent]).to.deep.equal([expected, sent]);
    });
});
