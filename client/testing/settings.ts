import { LogwheelError } from "../../proto/kernel/errors.js";
import { type BrokerConfig, checkBroker, type NameServerConfig } from "../../server/config.js";
import { BROKER_SETTINGS } from "../../server/settings/broker.js";
import { NAME_SERVER_SETTINGS } from "../../server/settings/name-server.js";
import { resolve } from "../../server/settings/resolve.js";

/** What the kit decides itself. */
const GIVEN = ["name", "namesrv", "listen", "advertise", "data", "metrics", "logLevel"] as const;
type Given = (typeof GIVEN)[number];

/** Settings of brokers as in docs/config.md: numbers of milliseconds and bytes, or texts such as `10s` and `1MiB`. */
export type BrokerSettings = {
  readonly [K in Exclude<keyof BrokerConfig, Given>]?: BrokerConfig[K] | string;
};

const ANY_PORT = "127.0.0.1:0";

/** What differs from a broker that is to stay: small files, and no look at how full the developer's disk is. */
const DEFAULTS = {
  segmentBytes: 16 << 20,
  diskReserveBytes: 0,
  diskFreeBytesMin: 0,
  diskWarnPercent: 99,
  diskRefusePercent: 100,
};

/** The settings of one broker, checked. BAD_REQUEST says what is wrong. */
export function brokerSettings(name: string, namesrv: string, settings: BrokerSettings): BrokerConfig {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const own = given.find(([key]) => GIVEN.includes(key as Given));
  if (own !== undefined)
    throw new LogwheelError("BAD_REQUEST", `settings: a test cluster decides about ${own[0]} itself`);
  const content = {
    ...DEFAULTS,
    ...Object.fromEntries(given),
    name,
    namesrv: [namesrv],
    listen: ANY_PORT,
  };
  const file = { path: "the settings of a test cluster", content };
  return checkBroker(resolve(BROKER_SETTINGS, { file }, []).values);
}

/** The settings of a name server. */
export function nameServerSettings(): NameServerConfig {
  const file = { path: "the settings of a test cluster", content: { listen: ANY_PORT } };
  return resolve(NAME_SERVER_SETTINGS, { file }, []).values;
}
