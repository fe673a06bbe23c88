/** One capability or guarantee that the product is asked for. */
export interface Scenario {
  /** Quoted in test titles; never given twice. */
  readonly id: string;
  readonly what: string;
  /** Where it stands beside tests: a command, a page, or what is to come. */
  readonly beside?: string;
}

const DELAY = "to come with delayed messages";
const TRANSACTION = "to come with transactions";
const DEAD_LETTER = "to come with the retry ladder and dead letters";
const REPLICATION = "to come with replication";
const CONSOLE = "to come with the console";
const ACCESS = "to come with namespaces and access control";
const TOOLS = "to come with tools for backlogs and migration";
const KIT = "to come with a kit for idempotent consumers";

const bench = (rest: string): string => `measured by \`logwheel bench ${rest}\``;
const page = (name: string): string => `[${name}](${name})`;

function group(prefix: string, rows: readonly (readonly [what: string, beside?: string])[]): Scenario[] {
  return rows.map(([what, beside], i) => {
    const id = `${prefix}-${String(i + 1).padStart(2, "0")}`;
    return beside === undefined ? { id, what } : { id, what, beside };
  });
}

/** All scenarios, in the order of their ids. Ids are fixed: rows are neither moved nor taken out. */
export const SCENARIOS: readonly Scenario[] = [
  ...group("A1", [
    ["point to point: a message goes to one member of a group"],
    ["publish and subscribe: every group gets its own copy"],
    ["sent before anyone consumes, and delivered whenever somebody comes"],
    ["a queue is first in, first out"],
    ["to one, to all, or to some by tag"],
    ["members of a group share evenly"],
    ["broadcast: every member gets everything"],
    ["one reader of a queue in a group; groups read beside each other"],
    ["subscribers come and go without the producer's knowledge"],
    ["a topic's queues are spread over brokers"],
    ["stored messages do not change"],
    ["offsets are dense, and a number above 2^53 is refused instead of rounded"],
    ["key, body and timestamp come back as they were sent"],
    ["retention by time, read or not"],
    ["the rate does not depend on how much is stored", bench("send --retention-bytes 20GiB")],
    ["a consumer goes back as it likes"],
    ["a fetch names an offset and a number"],
    ["look-up by message id and by key"],
    ["a topic outgrows one machine: a broker that joins takes a share", page("deploy.md")],
    ["the store is a log, and reading does not delete", page("format.md")],
    ["near real time", bench("e2e")],
    ["groups divide work and everyone gets everything"],
    ["strategies of assignment to choose from"],
    ["the words of JMS in ours", page("terms.md")],
  ]),
  ...group("A2", [
    ["services join and leave while the producer runs"],
    ["a slow or dead consumer does not slow the producer"],
    ["three sends within milliseconds", bench("send --in-flight 1")],
    ["the same with other figures", bench("send --in-flight 1")],
    ["a peak of an hour drains in the low time"],
    [
      "a peak that never drains is told before data goes",
      "the loss is logged and counted; the alarm ahead of it is to come",
    ],
    ["request and reply where the caller needs the answer", "to come"],
    ["several stores end consistent after a partial failure", TRANSACTION],
    ["a log pipeline"],
    ["a flash sale: the burst is buffered, the service takes its pace"],
    ["one store follows another by change messages"],
    ["order only within a table: the ordering key is the table's name"],
    ["timed tasks and tasks in sequence"],
    ["a distributed transaction whose producer dies in between", TRANSACTION],
    ["order paid: points, notification and stock by three groups"],
    ["trading: order, payment, stock"],
    ["one sample for each way to send: awaited, asynchronous, one-way"],
    ["idempotency by version and by step", KIT],
    ["when to use which broker", page("terms.md")],
    ["growth to 20 million rows a day", "231 a second on average; see docs/performance.md"],
    ["cold data apart from hot", TOOLS],
    ["migration of millions of rows, throttled and checked", TOOLS],
    ["a consumer keeps to so many messages a second", "to come"],
  ]),
  ...group("A3", [
    ["awaited, asynchronous, one-way"],
    ["a result with what was done, or the reason"],
    ["a failed send is repeated as often as set, then reported"],
    ["an error in a callback does not end the process"],
    ["lost replies: sent again, stored once"],
    ["acknowledged only after it is on the disk"],
    ["pipelined sends beat one commit at a time", bench("send --in-flight 64 and --in-flight 1")],
    ["acknowledgement levels 0, 1, all", `0 is \`sendOneway\`, 1 is \`send\`; all is ${REPLICATION}`],
    ["repeated without limit where durability matters"],
    ["a body that cannot be encoded is refused before it is sent"],
    ["a message that fits no topic goes to a backup topic", "to come"],
    ["outbox: sent after the transaction of the database", TRANSACTION],
    ["two-phase commit", TRANSACTION],
    ["batches raise throughput", bench("send --in-flight 2048 and --in-flight 1")],
    ["the application answers while every broker is down"],
  ]),
  ...group("A4", [
    ["push is made of pulls: nothing comes beyond the credit granted"],
    ["an idle consumer waits on the server and hears at once"],
    ["push and pull give the same messages"],
    ["queues are divided again when a member comes"],
    ["positions are kept by the broker: few repeats when members change"],
    ["what was not committed comes again, from exactly there"],
    ["nothing is acknowledged before the work"],
    ["messages in memory of a dead process come again"],
    ["what a dead member had not acknowledged goes to others"],
    ["a handler that fails gets its message again"],
    ["one acknowledgement for many"],
    ["handlers for several messages, of which some may fail"],
    ["one handler at a time, or many"],
    [
      "the wait before another delivery is the consumer's to choose",
      `by group and kind of error ${DEAD_LETTER}`,
    ],
    ["a consumer holds no more than it can handle"],
    ["handlers under way stay below a limit"],
  ]),
  ...group("A5", [
    ["global order: one queue"],
    ["order by key"],
    ["several producers of one key use one queue"],
    ["order holds while brokers restart and queues move"],
    ["parallel within a queue, by key", "to come: a queue in order is handled one message at a time now"],
    ["the ways of RabbitMQ in ours", page("terms.md")],
  ]),
  ...group("A6", [
    ["sync flush: the reply comes after the disk; async: before"],
    ["a power cut after the reply loses nothing under sync flush"],
    ["what was written can be read before it is flushed"],
    ["one switch for durability: topics, positions and bodies survive a restart together"],
    ["a restart recovers by itself"],
    ["causes of loss, each shown", `the parts of one copy; the others ${REPLICATION}`],
    ["settings for zero loss", REPLICATION],
    ["a strict profile", REPLICATION],
    ["two machines before the reply", REPLICATION],
    ["several sites", REPLICATION],
  ]),
  ...group("A7", [
    ["a replica takes over", REPLICATION],
    ["replicas are placed by the servers", REPLICATION],
    ["followers pull", REPLICATION],
    ["a reply after all followers", REPLICATION],
    ["visible when replicated", REPLICATION],
    ["an empty answer beyond what is replicated", REPLICATION],
    ["reads and writes go to the leader", REPLICATION],
    ["the in-sync set shrinks and grows durably", REPLICATION],
    ["the log end counts what is not replicated", REPLICATION],
    ["both extremes of the smallest in-sync set", REPLICATION],
    ["the worked example of the in-sync rule", REPLICATION],
    ["only in-sync members are elected", REPLICATION],
    ["unclean election is a switch", REPLICATION],
    ["one of three machines down", REPLICATION],
    ["every key is readable with one node down", REPLICATION],
    ["another broker adds throughput"],
    ["a plain cluster compared", page("terms.md")],
  ]),
  ...group("A8", [
    ["duplicates happen: what the broker does, and what is left to consumers", page("guarantees.md")],
    ["insert by unique key", KIT],
    ["a set that is idempotent by nature", KIT],
    ["an id with two states", KIT],
    ["an inbox table", KIT],
    ["a version column", KIT],
    ["a table of results by token", KIT],
    ["the hash of the parameters as id", KIT],
    ["a producer's repeats are stored once"],
    ["exactly one effect end to end", TRANSACTION],
    ["not one more, not one less", TRANSACTION],
  ]),
  ...group("A9", [
    ["delay by level and by any time"],
    ["a million messages a month ahead", bench("delay --pending 1000000")],
    ["expiry by message", DELAY],
    ["expiry by topic", DELAY],
    ["expired messages go by themselves", DELAY],
    ["expired messages are dead letters", DEAD_LETTER],
    ["nothing expires uncounted", DEAD_LETTER],
    ["filling a window again", TOOLS],
    ["after the last attempt a message is parked and can be sent again", DEAD_LETTER],
  ]),
  ...group("A10", [
    ["copying a range to another topic", TOOLS],
    ["migration of a backlog to more queues", TOOLS],
    ["a member without a queue is told why"],
    ["signs of a backlog's cause by group", `\`logwheel group describe\`; a page for it is ${CONSOLE}`],
    ["batches beat single messages", "see A4-12"],
    ["a backlog survives until the low time", "see A2-05 and A2-06"],
  ]),
  ...group("A11", [
    ["what stands in the place of mapped files", page("format.md")],
    ["copies on the way of a read", page("format.md")],
    ["appends are sequential", page("format.md")],
    ["the offset in the reply is the stored one"],
    ["an unknown call is answered, and the broker goes on"],
    ["calls under way are limited"],
    ["other languages, from the .proto files"],
    ["why gRPC", page("terms.md")],
    ["client and server exchange versions"],
    ["many calls share few connections"],
    ["namespaces", ACCESS],
    ["filters by tag", "by pattern and by property to come"],
    ["compaction: the last message by key", "to come"],
    ["how data lies on disk, and a command that shows it", page("format.md")],
    ["how it is built", "[ARCHITECTURE.md](../ARCHITECTURE.md)"],
  ]),
  ...group("A12", [
    ["a quick start in minutes"],
    ["what may be lost, stated and tested", page("guarantees.md")],
    ["a detailed result of a send", "see A3-02"],
    ["speed of the store", bench("storage")],
    ["transactions of others compared", page("terms.md")],
    ["two commands for a newcomer: run it, test it", "`npm start`, `npm test`"],
  ]),
  ...group("A13", [
    ["100,000 messages a second", bench("send --flush async")],
    ["beside RabbitMQ and others", "see docs/performance.md"],
    ["a thousand topics", bench("send --topics 1000")],
    ["the same for Kafka", "see docs/performance.md"],
    ["latency in milliseconds", bench("e2e --rate 10000")],
    ["sizing", "see docs/performance.md and [deploy.md](deploy.md)"],
  ]),
  ...group("A14", [
    ["a name server in a container"],
    ["a broker in a container, with settings and memory limit"],
    ["a console in a container", CONSOLE],
    ["a web page", CONSOLE],
    ["any start order"],
    ["several name servers and brokers"],
    ["a guide for contributors", "[CONTRIBUTING.md](../CONTRIBUTING.md)"],
  ]),
];
