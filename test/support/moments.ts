import type {
  CallOptions,
  Channel,
  Connect,
  Method,
  Stream,
  StreamEvents,
} from "../../proto/kernel/channel.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { EntryReader } from "../../proto/kernel/publish-codec.js";

/** Where a transaction can be when somebody dies, in their order. */
export const MOMENTS = [
  "before the half append",
  "after the half append",
  "after the local transaction",
  "before the decision's append",
  "after the decision's append",
  "before the question",
  "after the question",
  "before the answer",
  "after the answer",
] as const;

export type Moment = (typeof MOMENTS)[number];

/**
 * The network of one client process, which tells what of a transaction passes, and which the process takes with it when it
 * dies. What passes is held back if the one who was told of it dies of it, or lets the broker die.
 */
export class TappedNetwork {
  readonly #inner: Connect;
  readonly #passes: (moment: Moment) => void;
  readonly #channels = new Set<Channel>();
  #dead = false;
  /** What passes now does not arrive. */
  #lost = false;

  constructor(inner: Connect, passes: (moment: Moment) => void) {
    this.#inner = inner;
    this.#passes = passes;
  }

  get dead(): boolean {
    return this.#dead;
  }

  readonly connect: Connect = (address) => {
    const inner = this.#inner(address);
    this.#channels.add(inner);
    if (this.#dead) inner.close();
    return {
      address,
      unary: <Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, request: Q, options?: CallOptions) =>
        this.#dead ? new Promise<ROut>(() => {}) : inner.unary(method, request, options),
      open: <Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, options?: CallOptions) =>
        this.#tap(method.path, inner.open(method, options)),
      close: () => inner.close(),
    };
  };

  /** The process is gone: its connections break, and nothing reaches it any more. */
  die(): void {
    this.#dead = true;
    for (const channel of this.#channels) channel.close();
  }

  /** What passes now is lost with who would have got it. */
  lose(): void {
    this.#lost = true;
  }

  /** Whether it goes on its way. */
  #pass(moment: Moment | undefined): boolean {
    if (this.#dead) return false;
    this.#lost = false;
    if (moment !== undefined) this.#passes(moment);
    return !this.#dead && !this.#lost;
  }

  #tap<Out, In>(path: string, inner: Stream<Out, In>): Stream<Out, In> {
    const written: (Moment | undefined)[] = [];
    const heard = (message: In): Moment | undefined => {
      if (path === BROKER.publish.path) return written.shift();
      if (path !== BROKER.check.path) return undefined;
      return (message as { reply?: string }).reply === "question" ? "after the question" : undefined;
    };
    return {
      listen: (events) => inner.listen(this.#guarded(events, heard)),
      write: (message) => {
        const moments = momentsOf(path, message);
        if (path === BROKER.publish.path) written.push(moments?.answered);
        if (!this.#pass(moments?.before)) return true;
        const more = inner.write(message);
        if (moments?.after !== undefined) this.#pass(moments.after);
        return more;
      },
      end: () => inner.end(),
      fail: (error) => inner.fail(error),
      pause: () => inner.pause(),
      resume: () => inner.resume(),
    };
  }

  #guarded<In>(events: StreamEvents<In>, heard: (message: In) => Moment | undefined): StreamEvents<In> {
    return {
      message: (message) => {
        if (this.#pass(heard(message))) events.message(message);
      },
      end: () => {
        if (!this.#dead) events.end?.();
      },
      drain: () => {
        if (!this.#dead) events.drain?.();
      },
      close: (error) => {
        if (!this.#dead) events.close(error);
      },
    };
  }
}

interface Moments {
  readonly before?: Moment;
  readonly after?: Moment;
  /** When the reply to it comes. */
  readonly answered?: Moment;
}

function momentsOf(path: string, message: unknown): Moments | undefined {
  if (path === BROKER.check.path)
    return (message as { answer?: unknown }).answer === undefined ? undefined : { after: "after the answer" };
  if (path !== BROKER.publish.path) return undefined;
  const reader = new EntryReader();
  reader.reset(message as Buffer);
  let found: Moments | undefined;
  while (reader.next())
    if (reader.decision !== 0)
      return { before: "before the decision's append", answered: "after the decision's append" };
    else if (reader.half) found = { before: "before the half append", answered: "after the half append" };
  return found;
}
