export type { BrokerSettings } from "./settings.js";
export { startTestCluster } from "./start.js";
export type { TestBroker } from "./test-broker.js";
export { TestClock } from "./test-clock.js";
export type { TestCluster, TestClusterOptions, TestTopics } from "./test-cluster.js";
export type { TestNameServer } from "./test-name-server.js";
