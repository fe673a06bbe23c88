import { isWildcard, parseAddress } from "../proto/kernel/address.js";
import { LogwheelError } from "../proto/kernel/errors.js";
import { formatDuration } from "../proto/kernel/quantity.js";
import { BROKER_SETTINGS } from "./settings/broker.js";
import { readSettingsFile } from "./settings/file.js";
import { NAME_SERVER_SETTINGS } from "./settings/name-server.js";
import { type Resolved, resolve, type Sources } from "./settings/resolve.js";
import type { Table, Values } from "./settings/table.js";

/** Settings of a broker, checked. */
export type BrokerConfig = Omit<Values<typeof BROKER_SETTINGS>, "advertise"> & { readonly advertise: string };

/** Settings of a name server, checked. */
export type NameServerConfig = Values<typeof NAME_SERVER_SETTINGS>;

/** What a process is started with. */
export interface Given {
  /** By setting, unread; undefined is the same as absent. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From `--config`; else LOGWHEEL_CONFIG names the file, if any. */
  readonly configPath?: string | undefined;
}

/** Tables of settings by role. */
export const TABLES = { namesrv: NAME_SERVER_SETTINGS, broker: BROKER_SETTINGS } as const;

/** Variables of the client's verbs and of the file itself, which no server refuses to see. */
const OTHER_KEYS = ["config", ...Object.values(TABLES).flatMap((table) => Object.keys(table))];

/** Reads a broker's settings. BAD_REQUEST says what is wrong and where it stands. */
export function brokerConfig(given: Given): BrokerConfig {
  const { values } = resolved(BROKER_SETTINGS, given);
  return checkBroker(values);
}

/** Reads a name server's settings. BAD_REQUEST says what is wrong and where it stands. */
export function nameServerConfig(given: Given): NameServerConfig {
  const { values } = resolved(NAME_SERVER_SETTINGS, given);
  checkTls(values);
  return values;
}

/** Every setting of a table with its origin, without the rules between settings. */
export function resolved<T extends Table>(table: T, given: Given): Resolved<T> {
  const path = given.configPath ?? (given.environment["LOGWHEEL_CONFIG"] || undefined);
  const sources: Sources = {
    flags: given.flags,
    environment: given.environment,
    ...(path === undefined ? {} : { file: readSettingsFile(path) }),
  };
  return resolve(table, sources, OTHER_KEYS);
}

/** The rules between a broker's settings. BAD_REQUEST names both sides of the one that is broken. */
export function checkBroker(values: Values<typeof BROKER_SETTINGS>): BrokerConfig {
  checkTls(values);
  const { listen } = values;
  const advertise = values.advertise ?? listen;
  if (isWildcard(parseAddress(advertise).host))
    throw rule(
      `clients cannot find a broker at ${advertise}: set advertise to an address that they reach, for example its host name`,
    );
  if (values.diskWarnPercent >= values.diskRefusePercent)
    throw rule("diskWarnPercent has to be less than diskRefusePercent");
  if (values.flushBytes > values.unflushedBytesMax)
    throw rule(
      "flushBytes is more than unflushedBytesMax: sends would be refused before anything is flushed",
    );
  if (values.retentionBytes !== null && values.retentionBytes < 2 * values.segmentBytes)
    throw rule("retentionBytes has to hold at least two segments of segmentBytes");
  if (values.autoCreateQueues > values.queuesPerTopicMax)
    throw rule("autoCreateQueues is more than queuesPerTopicMax");
  if (values.delayLevels.length === 0) throw rule("delayLevels has to name one delay at least");
  const tooLong = values.delayLevels.find((ms) => ms > values.delayMsMax);
  if (tooLong !== undefined)
    throw rule(
      `delayLevels has ${formatDuration(tooLong)}, which is more than delayMsMax: name shorter ones`,
    );
  if (values.memberExpiryMs < 2 * values.memberHeartbeatMs)
    throw rule("memberExpiryMs has to be at least twice memberHeartbeatMs: one lost heartbeat is no death");
  if ((values.rocketmqAccessKey === null) !== (values.rocketmqAccessSecret === null))
    throw rule("rocketmqAccessKey and rocketmqAccessSecret belong together: set both, or neither");
  if (values.metrics === listen && parseAddress(listen).port !== 0)
    throw rule(`metrics and listen are both ${listen}: they need ports of their own`);
  return { ...values, advertise };
}

function checkTls({ tlsCert, tlsKey }: NameServerConfig | Values<typeof BROKER_SETTINGS>): void {
  if ((tlsCert === null) !== (tlsKey === null))
    throw rule("tlsCert and tlsKey belong together: set both, or neither");
}

function rule(sentence: string): LogwheelError {
  return new LogwheelError("BAD_REQUEST", sentence);
}
