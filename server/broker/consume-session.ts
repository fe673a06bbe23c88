import type { Acks__Output } from "../../proto/gen/logwheel/v1/Acks.js";
import type { ConsumeReply } from "../../proto/gen/logwheel/v1/ConsumeReply.js";
import type { ConsumeRequest__Output } from "../../proto/gen/logwheel/v1/ConsumeRequest.js";
import type { Extend__Output } from "../../proto/gen/logwheel/v1/Extend.js";
import type { Failure } from "../../proto/gen/logwheel/v1/Failure.js";
import type { Hello__Output } from "../../proto/gen/logwheel/v1/Hello.js";
import type { Nack__Output } from "../../proto/gen/logwheel/v1/Nack.js";
import type { QueueAck__Output } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { Released__Output } from "../../proto/gen/logwheel/v1/Released.js";
import type { Stream } from "../../proto/kernel/channel.js";
import { encodeConsumeReply } from "../../proto/kernel/consume-codec.js";
import { DEAD_REASON } from "../../proto/kernel/dead-letter.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { failureOf } from "../../proto/kernel/failure.js";
import { Delivery } from "./delivery.js";
import type { Group } from "./group.js";
import type { Groups } from "./groups.js";
import type { Lane } from "./lane.js";
import { boundedFailure } from "./last-errors.js";
import type { Member, Seat } from "./member.js";
import { acknowledge, extendLease, fail } from "./settlement.js";

/** Batches that one request delivers before others have their turn. */
const BATCHES_PER_TURN = 16;

type Joined = { readonly group: Group; readonly member: Member; readonly delivery: Delivery };

/** `new` until the hello, then `member`, then `over`. */
type State = { readonly is: "new" } | ({ readonly is: "member" } & Joined) | { readonly is: "over" };

/** One `Consume` stream: turns what comes in into what its group decides, and what the group decides into messages. */
export class ConsumeSession implements Seat {
  readonly #groups: Groups;
  readonly #stream: Stream<Buffer, ConsumeRequest__Output>;
  readonly #peer: string;
  #state: State = { is: "new" };
  #cancelHello: () => void;

  constructor(groups: Groups, stream: Stream<Buffer, ConsumeRequest__Output>, peer: string) {
    this.#groups = groups;
    this.#stream = stream;
    this.#peer = peer;
    this.#cancelHello = groups.deps.clock.after(groups.expiryMs, () => {
      if (this.#state.is === "new") this.dismiss(new LogwheelError("TIMEOUT", "no hello came on the stream"));
    });
    stream.listen({
      message: (request) => this.#guard(() => this.#take(request)),
      end: () => this.#guard(() => this.#end()),
      drain: () => this.#guard(() => this.#drained()),
      close: (error) => this.#guard(() => this.#closed(error)),
    });
  }

  joined(group: Group, member: Member): void {
    const { deps, heartbeatMs, expiryMs } = this.#groups;
    const write = (batch: Buffer): boolean => this.#stream.write(batch);
    this.#state = { is: "member", group, member, delivery: new Delivery(deps, { group, member, write }) };
    const { epoch } = deps.store;
    this.#write({ welcome: { member: member.id, heartbeatMs, expiryMs, epoch } });
    if (group.state.paused) this.pauseChanged(true);
  }

  assigned(lanes: readonly Lane[], note: string): void {
    const queues = lanes.map(({ queue, generation, cursor }) => ({
      topic: queue.topic.name,
      queueId: queue.id,
      generation,
      offset: cursor.floor,
    }));
    this.#write({ assignment: { queues, note } });
  }

  leaseLost({ queue }: Lane, offset: number, attempt: number): void {
    this.#write({ leaseLost: { topic: queue.topic.name, queueId: queue.id, offset, attempt } });
  }

  pauseChanged(paused: boolean): void {
    this.#write({ pause: { paused } });
  }

  wake(batchesMax: number): boolean {
    return this.#state.is === "member" && this.#state.delivery.pump(batchesMax);
  }

  draining(): void {
    if (this.#state.is === "member") this.#state.delivery.stop();
    this.#write({ draining: {} });
  }

  dismiss(error: LogwheelError): void {
    this.#finish();
    this.#stream.fail(error);
  }

  #take(request: ConsumeRequest__Output): void {
    if (request.request === "hello") return this.#hello(request.hello!);
    const state = this.#state;
    if (state.is === "over") return;
    if (state.is === "new")
      throw new LogwheelError("BAD_REQUEST", "a Consume stream begins with hello; something else came first");
    state.member.lastHeardMs = this.#groups.deps.deadlines.nowMs();
    switch (request.request) {
      case "credit":
        state.delivery.grant(request.credit!);
        return this.#pump(state);
      case "acks":
        return this.#acks(state, request.acks!);
      case "nack":
        return this.#nack(state, request.nack!);
      case "extend":
        return this.#extend(state, request.extend!);
      case "released":
        return this.#released(state, request.released!);
      case "ping":
        return this.#write({ pong: {} });
      case undefined:
        return;
    }
  }

  #hello(hello: Hello__Output): void {
    if (this.#state.is !== "new") throw new LogwheelError("BAD_REQUEST", "the stream said hello already");
    this.#cancelHello();
    this.#groups.join(hello, this.#peer, this);
  }

  #acks(state: Joined, { serial, queues, awaited }: Acks__Output): void {
    const { cursors, counters } = this.#groups.deps;
    const failures: Failure[] = [];
    for (const ack of queues) {
      const refused = this.#ackQueue(state, ack);
      if (refused !== null) failures.push(failureOf(refused));
    }
    counters.acknowledgementsRefused += failures.length;
    cursors.whenWritten((error) => {
      if (this.#state.is === "over") return;
      if (error === null) this.#write({ acked: { serial, failures } });
      else this.dismiss(error);
    }, awaited);
    this.#pump(state);
  }

  #ackQueue({ group, member }: Joined, ack: QueueAck__Output): LogwheelError | null {
    if (member.mode === "broadcast") return null;
    const { store, cursors, counters } = this.#groups.deps;
    const lane = this.#laneOf(group, ack);
    if (lane === undefined)
      return new LogwheelError(
        "NOT_ASSIGNED",
        `queue ${ack.queueId} of topic ${ack.topic} is not consumed by group ${group.state.name}`,
        { topic: ack.topic },
      );
    const before = lane.cursor.acknowledged;
    const speaker = { member: member.id, mode: member.mode };
    const refused = acknowledge(lane, speaker, ack, store.endOffset(lane.queue));
    counters.messagesAcknowledged += lane.cursor.acknowledged - before;
    if (lane.open !== null) cursors.moved(lane.open);
    return refused;
  }

  #nack(state: Joined, nack: Nack__Output): void {
    const { group, member } = state;
    state.delivery.failures++;
    const lane = this.#laneOf(group, nack);
    if (lane?.open == null) return;
    const { store, cursors, counters, deadlines, deadLetters } = this.#groups.deps;
    const speaker = { member: member.id, mode: member.mode };
    const end = store.endOffset(lane.queue);
    const failed = fail(lane, speaker, nack, { now: deadlines.instant(), end, rules: group.state });
    if (failed === null) return this.#pump(state);
    cursors.moved(lane.open);
    if (failed.next === "unseen") {
      group.expect(failed.readyAtMs);
      return this.#pump(state);
    }
    counters.messagesFailed++;
    const { offset } = nack;
    const failure = boundedFailure(nack);
    if (failed.next === "again") {
      lane.errors.set(offset, failure, lane.cursor.floor);
      group.expect(failed.readyAtMs);
    } else {
      const attempts = Math.max(1, nack.attempt);
      deadLetters.move(lane.open, { offset, reason: DEAD_REASON[failed.reason], attempts, failure });
    }
    this.#pump(state);
  }

  #extend({ group, member }: Joined, extend: Extend__Output): void {
    const lane = this.#laneOf(group, extend);
    if (lane === undefined || member.mode !== "shared") return;
    const endsMs = extendLease(lane, member.id, extend, this.#groups.deps.deadlines.nowMs());
    if (endsMs === null) this.leaseLost(lane, extend.offset, extend.attempt);
    else group.expect(endsMs);
  }

  #released({ group, member }: Joined, released: Released__Output): void {
    const lane = this.#laneOf(group, released);
    if (lane !== undefined) group.release(member, lane, released.generation);
  }

  #laneOf(group: Group, { topic, queueId }: { topic: string; queueId: number }): Lane | undefined {
    const queue = this.#groups.deps.store.state.topics.get(topic)?.queues[queueId];
    return queue && group.lane(queue);
  }

  /** What this member has room for; others get what is left over when there is more than one turn's worth. */
  #pump({ group, delivery }: Joined): void {
    if (delivery.pump(BATCHES_PER_TURN)) group.expect(0);
  }

  #end(): void {
    const state = this.#state;
    this.#finish();
    if (state.is === "member") state.group.leave(state.member);
    this.#stream.end();
  }

  #drained(): void {
    this.#stream.resume();
    if (this.#state.is !== "member") return;
    this.#state.delivery.drained();
    this.#pump(this.#state);
  }

  #closed(error: Error | null): void {
    const state = this.#state;
    this.#finish();
    if (state.is !== "member" || state.member.seat !== this) return;
    if (error === null) state.group.leave(state.member);
    else state.group.lose(state.member);
  }

  /** Takes part no more; idempotent. */
  #finish(): void {
    this.#cancelHello();
    if (this.#state.is === "member") this.#state.delivery.stop();
    this.#state = { is: "over" };
  }

  /** A member that does not read what it is told is heard no further until it does. */
  #write(reply: Omit<ConsumeReply, "batch">): void {
    if (this.#state.is !== "over" && !this.#stream.write(encodeConsumeReply(reply))) this.#stream.pause();
  }

  /** Whatever goes wrong ends this stream only; the client may come back. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      const state = this.#state;
      const error = LogwheelError.from(thrown);
      this.dismiss(error);
      if (state.is === "member") state.group.leave(state.member);
      if (error.code === "INTERNAL")
        this.#groups.deps.logger.error(
          { peer: this.#peer, error: error.message },
          "a consumer's stream failed",
        );
    }
  }
}
