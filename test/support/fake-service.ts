import type { Handlers, Served, Service } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** Serves the methods that the test cares for; all others answer UNSUPPORTED_VERSION. */
export function fakeService<S extends Service>(name: string, service: S, some: Partial<Handlers<S>>): Served {
  const handlers: Record<string, unknown> = {};
  for (const key of Object.keys(service)) {
    const handler = some[key as keyof S];
    handlers[key] =
      handler ??
      (() => {
        throw new LogwheelError("UNSUPPORTED_VERSION", `the fake does not know ${key}`);
      });
  }
  return { name, service, handlers };
}
