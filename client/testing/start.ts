import { LogwheelError } from "../../proto/kernel/errors.js";
import { makeTemporaryFolder } from "../../server/disk/temporary-folder.js";
import { type Folder, RunningCluster } from "./running-cluster.js";
import type { TestCluster, TestClusterOptions } from "./test-cluster.js";

/** Starts a cluster that can be used when this resolves. BAD_REQUEST says what is wrong with the options. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = new RunningCluster(options, brokerNames(options.brokers ?? 1), await folderOf(options.dir));
  try {
    await cluster.start(options.topics ?? []);
    return cluster;
  } catch (thrown) {
    await cluster.close();
    throw thrown;
  }
}

const BROKERS_MAX = 26;

function brokerNames(brokers: number | readonly string[]): readonly string[] {
  if (typeof brokers !== "number") return brokers;
  if (Number.isInteger(brokers) && brokers >= 1 && brokers <= BROKERS_MAX)
    return Array.from(
      { length: brokers },
      (_, at) => `broker-${String.fromCharCode("a".charCodeAt(0) + at)}`,
    );
  throw new LogwheelError(
    "BAD_REQUEST",
    `brokers: give a number from 1 to ${BROKERS_MAX}, or names; ${brokers} is neither`,
  );
}

async function folderOf(dir: string | true | undefined): Promise<Folder | null> {
  if (dir === undefined) return null;
  return dir === true
    ? { path: await makeTemporaryFolder(), temporary: true }
    : { path: dir, temporary: false };
}
