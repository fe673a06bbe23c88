import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Status__Output as Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import { refusal } from "./status.js";

const NAME = /^[%|a-zA-Z0-9_-]+$/;
const TOPIC_LENGTH_MAX = 127;
const GROUP_LENGTH_MAX = 120;

/** Topics and groups that RocketMQ keeps for itself. */
const SYSTEM = /^(TBW102|SCHEDULE_TOPIC_XXXX|RMQ_SYS_.*|rmq_sys_.*|CID_RMQ_SYS_.*)$/;

/** What a resource is called here: its namespace, or the one of the call, before its name. */
export function nameOf(resource: Resource__Output | null | undefined, namespace = ""): string {
  const own = resource?.resourceNamespace || namespace;
  const name = resource?.name ?? "";
  return own === "" || name === "" ? name : `${own}%${name}`;
}

/** Why a name cannot be a topic's; undefined if it can. */
export function topicRefusal(name: string): Status | undefined {
  const why = whyNot("topic", name, TOPIC_LENGTH_MAX);
  return why === undefined ? undefined : refusal(Code.ILLEGAL_TOPIC, why);
}

/** Why a name cannot be a consumer group's; undefined if it can. */
export function groupRefusal(name: string): Status | undefined {
  const why = whyNot("consumer group", name, GROUP_LENGTH_MAX);
  return why === undefined ? undefined : refusal(Code.ILLEGAL_CONSUMER_GROUP, why);
}

function whyNot(what: string, name: string, lengthMax: number): string | undefined {
  if (name === "") return `the name of the ${what} is empty`;
  if (name.length > lengthMax)
    return `the name of the ${what} has ${name.length} characters; ${lengthMax} are allowed`;
  if (!NAME.test(name))
    return `the name of the ${what} may only have letters, digits and the characters % | _ -`;
  if (SYSTEM.test(name)) return `${name} is a ${what} of the system`;
  return undefined;
}
