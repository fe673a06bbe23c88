import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Handlers, Stream } from "../../proto/kernel/channel.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { lastOf } from "./clients.js";
import { refusal } from "./status.js";

/** What clients sign their calls with. */
export interface AccessKey {
  /** Its name, which they send along. */
  readonly name: string;
  readonly secret: string;
}

type Unary = (request: unknown, call: CallContext) => unknown;
type Streaming = (stream: Stream<{ readonly status: Status }, unknown>, call: CallContext) => void;

/**
 * Whether calls are signed by the one who has the secret. A signature is over the time that the client says, and over
 * nothing else. That time is not compared with the clock: clients write their local time as if it were UTC.
 */
export class Access {
  readonly #name: string;
  readonly #secret: KeyObject;
  readonly #logger: Logger;

  constructor({ name, secret }: AccessKey, logger: Logger) {
    this.#name = name;
    this.#secret = createSecretKey(secret, "utf8");
    this.#logger = logger;
  }

  /** What a call is refused with; undefined for one that is signed. */
  refusal(call: Pick<CallContext, "header">): Status | undefined {
    const authorization = call.header("authorization");
    const time = lastOf(call.header("x-mq-date-time"));
    if (!authorization || !time)
      return unauthorized("the call is not signed: give the client an access key and its secret");
    const parts = partsOf(authorization);
    if (parts === undefined) return unauthorized("the authorization of the call cannot be read");
    const [name] = (parts.get("Credential") ?? "").split("/");
    const signed = this.#isSignature(parts.get("Signature") ?? "", time);
    if (signed && name === this.#name) return undefined;
    return unauthorized("the access key is unknown or its secret is another: check both in the client");
  }

  /** The same handlers for calls that are signed; others get their refusal as a status. */
  guard(handlers: Handlers<typeof MESSAGING>): Readonly<Record<string, unknown>> {
    const guarded = Object.entries(handlers).map(([name, handler]) => {
      const { kind, path } = MESSAGING[name as keyof typeof MESSAGING];
      if (kind === "stream") return [name, this.#stream(handler as Streaming, path)];
      return [name, this.#unary(handler as Unary, path)];
    });
    return Object.fromEntries(guarded);
  }

  #unary(handler: Unary, path: string): Unary {
    return (request, call) => {
      const status = this.#heard(call, path);
      return status === undefined ? handler(request, call) : { status };
    };
  }

  /** The refusal answers the first message, since some clients do not look for one before they have written. */
  #stream(handler: Streaming, path: string): Streaming {
    return (stream, call) => {
      const status = this.#heard(call, path);
      if (status === undefined) return handler(stream, call);
      stream.listen({
        message: () => {
          stream.write({ status });
          stream.end();
        },
        end: () => stream.end(),
        close: () => {},
      });
    };
  }

  #heard(call: CallContext, path: string): Status | undefined {
    const status = this.refusal(call);
    if (status !== undefined)
      this.#logger.warn({ reason: "signature", peer: call.peer, method: path }, `${status.message}`);
    return status;
  }

  #isSignature(hex: string, time: string): boolean {
    const given = Buffer.from(hex, "hex");
    const right = createHmac("sha1", this.#secret).update(time, "utf8").digest();
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

/**
 * `MQv2-HMAC-SHA1 Credential=…, SignedHeaders=…, Signature=…`; undefined for anything that is not built like that. Of headers
 * that came more than once the last signature counts, as the last time does.
 */
function partsOf(authorization: string): ReadonlyMap<string, string> | undefined {
  const [, list] = /^\S+ (.*)$/.exec(authorization) ?? [];
  const parts = list?.split(",").map((part) => /^\s*([^=]+)=(.*?)\s*$/.exec(part)?.slice(1, 3));
  if (parts === undefined || parts.includes(undefined)) return undefined;
  return new Map(parts as [string, string][]);
}

function unauthorized(message: string): Status {
  return refusal(Code.UNAUTHORIZED, message);
}
