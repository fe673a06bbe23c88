import type { Group__Output } from "../../proto/gen/logwheel/v1/Group.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { BrokerChannels } from "./brokers.js";
import type { NameServers } from "./name-servers.js";
import type { GroupRules } from "./settings.js";

/** Brokers are asked again after this; what they said before holds as long as none of them answers. */
const FRESH_MS = 2_000;
const ASK_MS = 3_000;
/** Groups that are remembered. */
const GROUPS_MAX = 10_000;

/** Where the rules of groups come from. */
export interface ClusterGroupsDeps {
  readonly clock: Clock;
  readonly nameServers: NameServers;
  readonly brokers: BrokerChannels;
  /** Of a group that nobody has made, and the waits of one that has none of its own. */
  readonly unmade: GroupRules;
}

interface Known {
  readonly rules: GroupRules;
  readonly askedMs: number;
}

/** How groups consume, by what the brokers of the cluster say. */
export class ClusterGroups {
  readonly #deps: ClusterGroupsDeps;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<GroupRules>>();
  /** The broker that knew a group last: it is asked first. */
  #first = "";

  constructor(deps: ClusterGroupsDeps) {
    this.#deps = deps;
  }

  /** The rules of a group. BROKER_UNAVAILABLE if nobody can say, and nobody has before. */
  async rules(group: string): Promise<GroupRules> {
    const known = this.#known.get(group);
    if (known !== undefined && this.#deps.clock.monotonicMs() - known.askedMs < FRESH_MS) return known.rules;
    try {
      return await this.#ask(group);
    } catch (thrown) {
      if (known === undefined) throw thrown;
      return known.rules;
    }
  }

  #ask(group: string): Promise<GroupRules> {
    const asking = this.#asking.get(group) ?? this.#askAll(group).finally(() => this.#asking.delete(group));
    this.#asking.set(group, asking);
    return asking;
  }

  /** One broker that has the group is enough; that nobody has made it, only all of them together can say. */
  async #askAll(group: string): Promise<GroupRules> {
    let failure: LogwheelError | undefined;
    for (const { name, address } of await this.#brokers()) {
      try {
        const found = await this.#find(group, address);
        if (found === undefined) continue;
        this.#first = name;
        return this.#remember(group, this.#rulesOf(found));
      } catch (thrown) {
        failure = LogwheelError.from(thrown);
      }
    }
    if (failure !== undefined) throw failure;
    return this.#remember(group, this.#deps.unmade);
  }

  async #brokers(): Promise<{ readonly name: string; readonly address: string }[]> {
    const { brokers } = await this.#deps.nameServers.ask(NAME_SERVER.listBrokers, {});
    const infos = brokers.flatMap(({ info }) => info ?? []);
    if (infos.length === 0) throw new LogwheelError("BROKER_UNAVAILABLE", "no broker is registered");
    return infos.sort((a, b) => Number(b.name === this.#first) - Number(a.name === this.#first));
  }

  /** A change that changes nothing, and is not carried out, is answered with the group alone, without its progress. */
  async #find(group: string, address: string): Promise<Group__Output | undefined> {
    try {
      const unchanged = { name: group, dryRun: true };
      const answer = await this.#deps.brokers
        .at(address)
        .unary(ADMIN.updateGroup, unchanged, { timeoutMs: ASK_MS });
      return answer.group ?? undefined;
    } catch (thrown) {
      const error = LogwheelError.from(thrown);
      if (error.code === "GROUP_NOT_FOUND") return undefined;
      throw error;
    }
  }

  #rulesOf({ ordered, maxAttempts, retryDelaysMs }: Group__Output): GroupRules {
    const delays = retryDelaysMs.length > 0 ? retryDelaysMs : this.#deps.unmade.retryDelaysMs;
    return { ordered, maxAttempts, retryDelaysMs: delays };
  }

  #remember(group: string, rules: GroupRules): GroupRules {
    if (this.#known.size >= GROUPS_MAX) this.#known.clear();
    this.#known.set(group, { rules, askedMs: this.#deps.clock.monotonicMs() });
    return rules;
  }
}
