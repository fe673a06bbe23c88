import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Settings__Output } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { CallContext, Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { ClientCommands } from "./client-commands.js";
import { clientIdOf, type GatewayClients, namespaceOf } from "./clients.js";
import { groupRefusal, nameOf } from "./names.js";
import { type GroupRules, type ServerRules, settingsFor } from "./settings.js";
import { OK, refusal, statusOf } from "./status.js";

/** What telemetry stands on. */
export interface TelemetryDeps {
  readonly clients: GatewayClients;
  /** Whose answers come by the stream. */
  readonly commands: ClientCommands;
  readonly rules: ServerRules;
  groupRules(group: string): Promise<GroupRules>;
  /** The client has said what it is. */
  settled(client: ReturnType<GatewayClients["meet"]>, namespace: string): void;
  /** The stream is no more. */
  closed(telemetry: Telemetry): void;
}

/** One telemetry stream: answers each of the client's settings, in their order, and carries commands to it. */
export class Telemetry {
  readonly #deps: TelemetryDeps;
  readonly #stream: Stream<TelemetryCommand, TelemetryCommand__Output>;
  readonly #clientId: string;
  readonly #namespace: string;
  #answered: Promise<void> = Promise.resolve();

  constructor(
    deps: TelemetryDeps,
    stream: Stream<TelemetryCommand, TelemetryCommand__Output>,
    call: CallContext,
  ) {
    this.#deps = deps;
    this.#stream = stream;
    this.#clientId = clientIdOf(call);
    this.#namespace = namespaceOf(call);
    // A client that does not read what it is told is heard no further until it does.
    const tell = (command: TelemetryCommand): void => {
      if (stream.write(command)) return;
      stream.pause();
      deps.commands.full(tell);
    };
    stream.listen({
      drain: () => {
        stream.resume();
        deps.commands.drained(tell);
      },
      message: (command) => this.#take(command, tell),
      end: () => stream.end(),
      close: () => {
        const client = deps.clients.heard(this.#clientId);
        if (client?.tell === tell) client.tell = undefined;
        deps.commands.broken(tell);
        deps.closed(this);
      },
    });
    if (this.#clientId === "") this.#refuse(Code.CLIENT_ID_REQUIRED, "the call has no x-mq-client-id");
  }

  /** The client opens another one, here or elsewhere. */
  end(): void {
    this.#stream.end();
  }

  #take(command: TelemetryCommand__Output, tell: (command: TelemetryCommand) => void): void {
    const { settings } = command;
    if (settings == null) return this.#deps.commands.answered(this.#clientId, command);
    if (settings.publishing == null && settings.subscription == null)
      return this.#refuse(
        Code.UNRECOGNIZED_CLIENT_TYPE,
        "the settings are neither a producer's nor a consumer's",
      );
    const client = this.#deps.clients.settle(this.#clientId, settings, this.#namespace);
    client.tell = tell;
    this.#deps.settled(client, this.#namespace);
    this.#answered = this.#answered.then(() => this.#answer(settings, tell));
  }

  async #answer(settings: Settings__Output, tell: (command: TelemetryCommand) => void): Promise<void> {
    const { rules } = this.#deps;
    try {
      const group = nameOf(settings.subscription?.group, this.#namespace);
      const wrong = settings.subscription == null ? undefined : groupRefusal(group);
      if (wrong !== undefined) return this.#refuse(Code.ILLEGAL_CONSUMER_GROUP, wrong.message ?? "");
      const groupRules = settings.subscription == null ? undefined : await this.#deps.groupRules(group);
      tell({ status: OK, settings: settingsFor(settings, rules, groupRules) });
    } catch (thrown) {
      tell({ status: statusOf(LogwheelError.from(thrown)) });
    }
  }

  /** The client is told why, and the stream ends: without settings it can do nothing. */
  #refuse(code: Parameters<typeof refusal>[0], message: string): void {
    this.#stream.write({ status: refusal(code, message) });
    this.#stream.fail(new LogwheelError("BAD_REQUEST", message));
  }
}
