import { Assign } from "../../proto/gen/logwheel/v1/Assign.js";
import { Expired } from "../../proto/gen/logwheel/v1/Expired.js";
import { Mode } from "../../proto/gen/logwheel/v1/Mode.js";
import { Permission } from "../../proto/gen/logwheel/v1/Permission.js";
import { TopicType as WireTopicType } from "../../proto/gen/logwheel/v1/TopicType.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { AssignStrategy, MemberInfo } from "./admin-group-types.js";
import type { ExpiredFate, TopicPermission, TopicType } from "./admin-types.js";

/** The SDK's words for the numbers of the wire, both ways. */
class Names<N extends string, W extends number> {
  readonly #what: string;
  readonly #numbers: Readonly<Record<N, W>>;

  constructor(what: string, numbers: Readonly<Record<N, W>>) {
    this.#what = what;
    this.#numbers = numbers;
  }

  /** BAD_REQUEST for a word that is none. */
  toWire(name: N): W {
    if (Object.hasOwn(this.#numbers, name)) return this.#numbers[name];
    const known = Object.keys(this.#numbers).join(", ");
    throw new LogwheelError("BAD_REQUEST", `${this.#what} is ${JSON.stringify(name)}; it is one of ${known}`);
  }

  /** `unknown` is what a number of a newer version is shown as. */
  fromWire(number: number, unknown: N): N {
    for (const name in this.#numbers) if (this.#numbers[name] === number) return name;
    return unknown;
  }
}

export const topicTypes = new Names<TopicType, WireTopicType & number>("the topic's type", {
  normal: WireTopicType.TOPIC_TYPE_NORMAL,
  ordered: WireTopicType.TOPIC_TYPE_ORDERED,
  delay: WireTopicType.TOPIC_TYPE_DELAY,
  transaction: WireTopicType.TOPIC_TYPE_TRANSACTION,
  mixed: WireTopicType.TOPIC_TYPE_MIXED,
});

export const permissions = new Names<TopicPermission, Permission & number>("the permission", {
  "read-write": Permission.PERMISSION_READ_WRITE,
  read: Permission.PERMISSION_READ,
  write: Permission.PERMISSION_WRITE,
  none: Permission.PERMISSION_NONE,
});

export const expiredFates = new Names<ExpiredFate, Expired & number>("what becomes of expired messages", {
  "dead-letter": Expired.EXPIRED_TO_DEAD_LETTERS,
  drop: Expired.EXPIRED_DROP,
});

export const strategies = new Names<AssignStrategy, Assign & number>("the strategy", {
  sticky: Assign.ASSIGN_STICKY,
  circular: Assign.ASSIGN_CIRCULAR,
  fixed: Assign.ASSIGN_FIXED,
  hash: Assign.ASSIGN_HASH,
});

export const modes = new Names<MemberInfo["mode"], Mode & number>("the mode", {
  concurrent: Mode.MODE_CONCURRENT,
  ordered: Mode.MODE_ORDERED,
  shared: Mode.MODE_SHARED,
  broadcast: Mode.MODE_BROADCAST,
});
