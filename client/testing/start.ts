import { makeTemporaryFolder } from "../../server/disk/temporary-folder.js";
import { brokerNames, checkOptions } from "./options.js";
import { type Folder, RunningCluster } from "./running-cluster.js";
import type { TestCluster, TestClusterOptions } from "./test-cluster.js";

/** Starts a cluster that can be used when this resolves. BAD_REQUEST says what is wrong with the options. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  checkOptions(options);
  const cluster = new RunningCluster(options, brokerNames(options.brokers ?? 1), await folderOf(options.dir));
  try {
    await cluster.start(options.topics ?? []);
    return cluster;
  } catch (thrown) {
    await cluster.close();
    throw thrown;
  }
}

async function folderOf(dir: string | true | undefined): Promise<Folder | null> {
  if (dir === undefined) return null;
  return dir === true
    ? { path: await makeTemporaryFolder(), temporary: true }
    : { path: dir, temporary: false };
}
