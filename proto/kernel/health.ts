import type {
  HealthCheckRequest,
  HealthCheckRequest__Output,
} from "../gen/grpc/health/v1/HealthCheckRequest.js";
import type {
  HealthCheckResponse,
  HealthCheckResponse__Output,
} from "../gen/grpc/health/v1/HealthCheckResponse.js";
import type { Handlers, Method, Served, Stream } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { protoCodec } from "./proto-codec.js";

const NAME = "grpc.health.v1.Health";
/** What a server says that takes work. */
export const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const request = protoCodec<HealthCheckRequest, HealthCheckRequest__Output>(
  "grpc.health.v1.HealthCheckRequest",
);
const reply = protoCodec<HealthCheckResponse, HealthCheckResponse__Output>(
  "grpc.health.v1.HealthCheckResponse",
);

type HealthMethod = Method<
  HealthCheckRequest,
  HealthCheckRequest__Output,
  HealthCheckResponse,
  HealthCheckResponse__Output
>;

/** The standard health service. A watcher's one request and its end look on the wire like a stream of requests. */
export const HEALTH = {
  check: { path: `/${NAME}/Check`, kind: "unary", request, reply } as HealthMethod & { kind: "unary" },
  watch: { path: `/${NAME}/Watch`, kind: "stream", request, reply } as HealthMethod & { kind: "stream" },
};

/** The server as a whole. */
const WHOLE = "";

interface Watcher {
  readonly service: string;
  readonly stream: Stream<HealthCheckResponse, HealthCheckRequest__Output>;
  told: number;
  blocked: boolean;
}

/** Tells probes whether a server and its services can be used. Not before `serving` is set. */
export class Health {
  readonly #services: readonly string[];
  readonly #watchers = new Set<Watcher>();
  #serving = false;

  /** `services` are the names that are served. */
  constructor(services: readonly string[]) {
    this.#services = [WHOLE, ...services, NAME];
  }

  /** Says to all watchers whether the server takes work: false while it recovers, drains or has failed. */
  set serving(serving: boolean) {
    this.#serving = serving;
    for (const watcher of this.#watchers) this.#tell(watcher);
  }

  get serving(): boolean {
    return this.#serving;
  }

  /** The service itself. */
  get served(): Served {
    const handlers: Handlers<typeof HEALTH> = {
      check: ({ service }) => {
        const status = this.#statusOf(service);
        if (status === SERVICE_UNKNOWN)
          throw new LogwheelError(
            "SERVICE_NOT_FOUND",
            `no service ${JSON.stringify(service)} is served here`,
          );
        return { status };
      },
      watch: (stream) => this.#watch(stream),
    };
    return { name: NAME, service: HEALTH, handlers };
  }

  #watch(stream: Watcher["stream"]): void {
    let watcher: Watcher | null = null;
    stream.listen({
      message: ({ service }) => {
        if (watcher !== null)
          throw new LogwheelError("BAD_REQUEST", "a watcher of a service's health asks for one service only");
        watcher = { service, stream, told: 0, blocked: false };
        this.#watchers.add(watcher);
        this.#tell(watcher);
      },
      drain: () => {
        if (watcher === null) return;
        watcher.blocked = false;
        this.#tell(watcher);
      },
      close: () => {
        if (watcher !== null) this.#watchers.delete(watcher);
      },
    });
  }

  /** A watcher that does not read learns the last state when it does. */
  #tell(watcher: Watcher): void {
    const status = this.#statusOf(watcher.service);
    if (watcher.blocked || watcher.told === status) return;
    watcher.told = status;
    watcher.blocked = !watcher.stream.write({ status });
  }

  #statusOf(service: string): 1 | 2 | 3 {
    if (!this.#services.includes(service)) return SERVICE_UNKNOWN;
    return this.#serving ? SERVING : NOT_SERVING;
  }
}
