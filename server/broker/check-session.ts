import type { CheckAnswer__Output } from "../../proto/gen/logwheel/v1/CheckAnswer.js";
import type { CheckReply } from "../../proto/gen/logwheel/v1/CheckReply.js";
import type { CheckRequest__Output } from "../../proto/gen/logwheel/v1/CheckRequest.js";
import type { Question } from "../../proto/gen/logwheel/v1/Question.js";
import type { Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";

/** What a session needs from the broker around it. */
export interface CheckSessionDeps {
  /** Issued to the producer. */
  readonly member: string;
  readonly heartbeatMs: number;
  readonly expiryMs: number;
  nowMs(): number;
  /** The producer said who it is. */
  joined(session: CheckSession): void;
  left(session: CheckSession): void;
  answered(answer: CheckAnswer__Output, by: string): void;
}

/** One `Check` stream: a live producer of a group, which can be asked how transactions ended. */
export class CheckSession {
  /** Empty before the hello. */
  group = "";
  /** For people: issued name and host. */
  name: string;
  lastHeardMs: number;
  readonly #deps: CheckSessionDeps;
  readonly #stream: Stream<CheckReply, CheckRequest__Output>;
  #over = false;
  /** The producer reads what it is told. */
  #flowing = true;

  constructor(deps: CheckSessionDeps, stream: Stream<CheckReply, CheckRequest__Output>) {
    this.#deps = deps;
    this.#stream = stream;
    this.name = deps.member;
    this.lastHeardMs = deps.nowMs();
    stream.listen({
      message: (request) => this.#take(request),
      end: () => {
        this.#finish();
        stream.end();
      },
      drain: () => {
        this.#flowing = true;
      },
      close: () => this.#finish(),
    });
  }

  /** False, and nothing is asked, if the producer does not read what it is told. */
  ask(question: Question): boolean {
    if (this.#over || this.group === "" || !this.#flowing) return false;
    this.#write({ question });
    return true;
  }

  /** Ends the stream; the producer may come back. */
  dismiss(error: LogwheelError): void {
    if (this.#over) return;
    this.#finish();
    this.#stream.fail(error);
  }

  #take(request: CheckRequest__Output): void {
    if (this.#over) return;
    this.lastHeardMs = this.#deps.nowMs();
    try {
      if (request.request === "hello") this.#hello(request.hello!.producerGroup, request.hello!.host);
      else if (this.group === "")
        throw new LogwheelError("BAD_REQUEST", "a Check stream begins with hello; something else came first");
      else if (request.request === "answer") this.#deps.answered(request.answer!, this.name);
      else if (request.request === "ping") this.#write({ pong: {} });
    } catch (thrown) {
      this.dismiss(LogwheelError.from(thrown));
    }
  }

  #hello(group: string, host: string): void {
    if (this.group !== "") throw new LogwheelError("BAD_REQUEST", "the stream said hello already");
    checkGroupName(group);
    const { member, heartbeatMs, expiryMs } = this.#deps;
    this.group = group;
    if (host !== "") this.name = `${member}@${host.slice(0, 255)}`;
    this.#write({ welcome: { member, heartbeatMs, expiryMs } });
    this.#deps.joined(this);
  }

  #write(reply: CheckReply): void {
    if (!this.#stream.write(reply)) this.#flowing = false;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deps.left(this);
  }
}
