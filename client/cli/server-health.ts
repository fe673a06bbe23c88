import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { HEALTH, SERVING } from "../../proto/kernel/health.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import type { CallOptions, ClusterHealth } from "../index.js";

/** Asks one server, name server or broker, by the standard health service. Never throws: silence is a problem too. */
export async function serverHealth(address: string, options: CallOptions): Promise<ClusterHealth> {
  const channel = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0 })(address);
  try {
    const { status } = await channel.unary(HEALTH.check, { service: "" }, options);
    if (status === SERVING) return { healthy: true, problems: [] };
    return { healthy: false, problems: [`${address} is up but does not serve now`] };
  } catch (thrown) {
    return { healthy: false, problems: [`${address}: ${LogwheelError.from(thrown).message}`] };
  } finally {
    channel.close();
  }
}
