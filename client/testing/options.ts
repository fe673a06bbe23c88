import { inspect } from "node:util";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { nearest } from "../../proto/kernel/nearest.js";
import type { TestClusterOptions } from "./test-cluster.js";

const BROKERS_MAX = 26;

const OPTIONS: Readonly<Record<keyof TestClusterOptions, true>> = {
  clock: true,
  brokers: true,
  topics: true,
  settings: true,
  dir: true,
  ports: true,
  logger: true,
  seed: true,
};

/** Throws BAD_REQUEST for what only plain JavaScript can give: options that are none, topics and a seed of another shape. */
export function checkOptions(options: TestClusterOptions): void {
  for (const name of Object.keys(options)) if (!Object.hasOwn(OPTIONS, name)) throw noOption(name);
  const { topics = [], seed = 1 } = options;
  const isList = Array.isArray(topics) && topics.every((name) => typeof name === "string");
  if (!isList && (Array.isArray(topics) || typeof topics !== "object" || topics === null))
    throw new LogwheelError(
      "BAD_REQUEST",
      `topics: give names, or an object of names with their settings; ${inspect(topics)} is neither`,
    );
  if (!Number.isFinite(seed)) throw new LogwheelError("BAD_REQUEST", `seed: ${inspect(seed)} is no number`);
}

/** The names of a cluster's brokers. BAD_REQUEST says what is wrong with them. */
export function brokerNames(brokers: number | readonly string[]): readonly string[] {
  if (Array.isArray(brokers) && brokers.length > 0) {
    const twice = brokers.find((name, at) => brokers.indexOf(name) < at);
    if (twice === undefined) return brokers;
    throw new LogwheelError("BAD_REQUEST", `brokers: ${inspect(twice)} is there twice`);
  }
  if (typeof brokers === "number" && Number.isInteger(brokers) && brokers >= 1 && brokers <= BROKERS_MAX)
    return Array.from(
      { length: brokers },
      (_, at) => `broker-${String.fromCharCode("a".charCodeAt(0) + at)}`,
    );
  throw new LogwheelError(
    "BAD_REQUEST",
    `brokers: give a number from 1 to ${BROKERS_MAX}, or names; ${inspect(brokers)} is neither`,
  );
}

function noOption(name: string): LogwheelError {
  const known = Object.keys(OPTIONS);
  const meant = nearest(name, known);
  const hint = meant === null ? `there are ${known.join(", ")}` : `did you mean ${meant}?`;
  return new LogwheelError("BAD_REQUEST", `a test cluster has no option ${inspect(name)}; ${hint}`);
}
