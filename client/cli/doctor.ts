import { isLoopback, parseAddress } from "../../proto/kernel/address.js";
import type { ClusterDescription } from "../index.js";

/** One thing that was looked at. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** Name or address of what it is about. */
  readonly where: string;
  /** What is so, and what to do about it. */
  readonly sentence: string;
}

const FREE_BYTES_MIN = 2 ** 30;

/** What is commonly wrong with a cluster, in the order in which to mend it; a line `ok` where nothing is. */
export function diagnose(cluster: ClusterDescription): Finding[] {
  const findings = [...nameServers(cluster), ...brokers(cluster), ...versions(cluster)];
  return findings.length > 0
    ? findings
    : [{ level: "ok", where: "cluster", sentence: "nothing wrong was found" }];
}

function nameServers({ nameServers, brokers }: ClusterDescription): Finding[] {
  const findings: Finding[] = [];
  for (const { address, reachable } of nameServers)
    if (!reachable)
      findings.push({
        level: "problem",
        where: address,
        sentence: "the name server does not answer: start it, or leave it out of --namesrv",
      });
  for (const broker of brokers)
    for (const { address, connected } of broker.nameServers)
      if (!connected)
        findings.push({
          level: "warning",
          where: broker.name,
          sentence: `it is not registered with the name server ${address}: is that one up, and reachable from the broker?`,
        });
  return findings;
}

function brokers({ brokers, unreachable, nameServers }: ClusterDescription): Finding[] {
  const findings: Finding[] = unreachable.map(({ name, address, message }) => ({
    level: "problem",
    where: name,
    sentence: `it is registered but cannot be reached from here at ${address} (${message}): set its --advertise to an address that clients reach`,
  }));
  const remote = nameServers.some(({ address }) => !isLoopback(parseAddress(address).host));
  for (const { name, address, state, diskFreeBytes } of brokers) {
    if (state !== "serving")
      findings.push({ level: "problem", where: name, sentence: `it is ${state}; see its log` });
    if (remote && isLoopback(parseAddress(address).host))
      findings.push({
        level: "warning",
        where: name,
        sentence: `it is advertised as ${address}, which other machines cannot reach: set its --advertise`,
      });
    if (diskFreeBytes < FREE_BYTES_MIN)
      findings.push({
        level: "warning",
        where: name,
        sentence: `only ${diskFreeBytes} bytes of its disk are free: shorten the retention or add room`,
      });
  }
  if (brokers.length + unreachable.length === 0)
    findings.push({
      level: "problem",
      where: "cluster",
      sentence: "no broker is registered: start one with logwheel server broker --namesrv",
    });
  return findings;
}

function versions({ brokers }: ClusterDescription): Finding[] {
  const found = [...new Set(brokers.map(({ version }) => version))];
  if (found.length < 2) return [];
  return [
    {
      level: "warning",
      where: "cluster",
      sentence: `brokers run different versions (${found.join(", ")}): finish the upgrade`,
    },
  ];
}
