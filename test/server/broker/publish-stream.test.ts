import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import type { Admission } from "../../../server/broker/admission.js";
import type { Publisher } from "../../../server/broker/publish.js";
import { PublishStream } from "../../../server/broker/publish-stream.js";
import { FakeStream } from "../../support/fake-stream.js";

const WAIT_MS = 200;

/** A log that keeps up or does not, as the test says. */
class Gate {
  open = true;
  readonly busy = new LogwheelError("THROTTLED", "busy");
  readonly #waiting = new Set<() => void>();

  whenOpen(run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  clear(): void {
    this.open = true;
    for (const run of [...this.#waiting]) run();
  }
}

/** Answers when the test says so, in whatever order. */
class Answers {
  readonly taken: string[] = [];
  readonly refused: string[] = [];
  readonly #answer = new Map<string, (reply: Buffer) => void>();
  readonly #fail = new Map<string, (error: LogwheelError) => void>();

  publish(frame: Buffer, answer: (reply: Buffer) => void, fail: (error: LogwheelError) => void): void {
    if (frame.length === 0) throw new LogwheelError("BAD_REQUEST", "nonsense");
    this.taken.push(frame.toString());
    this.#answer.set(frame.toString(), answer);
    this.#fail.set(frame.toString(), fail);
  }

  refuse(frame: Buffer, error: LogwheelError, answer: (reply: Buffer) => void): void {
    this.refused.push(frame.toString());
    answer(Buffer.from(`${frame} ${error.code}`));
  }

  answer(frame: string): void {
    this.#answer.get(frame)!(Buffer.from(`${frame} done`));
  }

  fail(frame: string, error: LogwheelError): void {
    this.#fail.get(frame)!(error);
  }
}

function fixture(): { stream: FakeStream<Buffer, Buffer>; gate: Gate; answers: Answers; clock: TestClock } {
  const stream = new FakeStream<Buffer, Buffer>();
  const gate = new Gate();
  const answers = new Answers();
  const clock = new TestClock();
  const deps = {
    publisher: answers as unknown as Publisher,
    admission: gate as unknown as Admission,
    clock,
    waitMs: WAIT_MS,
  };
  new PublishStream(deps, stream);
  return { stream, gate, answers, clock };
}

function written(stream: FakeStream<Buffer, Buffer>): string[] {
  return stream.written.map(String);
}

describe("publish stream", () => {
  it("answers frames in their order, whatever order they are done in", () => {
    const { stream, answers } = fixture();
    for (const frame of ["1", "2", "3"]) stream.hear(Buffer.from(frame));
    answers.answer("2");
    answers.answer("3");
    expect(written(stream)).to.deep.equal([]);
    answers.answer("1");
    expect(written(stream)).to.deep.equal(["1 done", "2 done", "3 done"]);
  });

  it("is read no further while the log is behind, and goes on when it has caught up (rule 6)", () => {
    const { stream, gate, answers } = fixture();
    gate.open = false;
    stream.hear(Buffer.from("1"));
    stream.hear(Buffer.from("2"));
    expect(answers.taken).to.deep.equal([]);
    expect(stream.paused).to.equal(true);
    gate.clear();
    expect(answers.taken).to.deep.equal(["1", "2"]);
    expect(stream.paused).to.equal(false);
  });

  it("refuses what waited too long, and all behind it, so that nothing overtakes (O2)", async () => {
    const { stream, gate, answers, clock } = fixture();
    gate.open = false;
    stream.hear(Buffer.from("1"));
    await clock.advance(WAIT_MS - 1);
    stream.hear(Buffer.from("2"));
    expect(answers.refused).to.deep.equal([]);
    await clock.advance(1);
    expect(answers.refused).to.deep.equal(["1", "2"]);
    expect(answers.taken).to.deep.equal([]);
    expect(written(stream)).to.deep.equal(["1 THROTTLED", "2 THROTTLED"]);
    expect(stream.paused).to.equal(false);
  });

  it("is read no further while its producer reads no answers, whatever else goes on", () => {
    const { stream, gate, answers } = fixture();
    stream.hear(Buffer.from("1"));
    stream.accepts = false;
    answers.answer("1");
    expect(stream.paused).to.equal(true);
    gate.open = false;
    stream.hear(Buffer.from("2"));
    gate.clear();
    expect(answers.taken).to.deep.equal(["1", "2"]);
    expect(stream.paused).to.equal(true);
    stream.drain();
    expect(stream.paused).to.equal(false);
  });

  it("ends after the last answer when the producer has ended", () => {
    const { stream, answers } = fixture();
    stream.hear(Buffer.from("1"));
    stream.hearEnd();
    expect(stream.ended).to.equal(false);
    answers.answer("1");
    expect(stream.ended).to.equal(true);
  });

  it("fails when a frame makes no sense or the log has failed", () => {
    const nonsense = fixture();
    nonsense.stream.hear(Buffer.alloc(0));
    expect(LogwheelError.is(nonsense.stream.failure, "BAD_REQUEST")).to.equal(true);
    const failed = fixture();
    failed.stream.hear(Buffer.from("1"));
    failed.answers.fail("1", new LogwheelError("STORE_FAILED", "no"));
    expect(LogwheelError.is(failed.stream.failure, "STORE_FAILED")).to.equal(true);
  });

  it("leaves no timer behind when the producer vanishes", () => {
    const { stream, gate, clock } = fixture();
    gate.open = false;
    stream.hear(Buffer.from("1"));
    stream.close(new LogwheelError("CONNECTION_LOST", "gone"));
    expect(clock.waiting).to.equal(0);
  });
});
