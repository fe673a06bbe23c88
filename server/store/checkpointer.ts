import type { Clock } from "../../proto/kernel/clock.js";
import type { Checkpoint, CheckpointState } from "./checkpoint.js";

const EVERY_MS = 1_000;

/** Writes the durable mark to the checkpoint file every second, so that recovery knows it when nothing follows in the log. */
export class Checkpointer {
  readonly #checkpoint: Checkpoint;
  readonly #clock: Clock;
  readonly #state: () => CheckpointState;
  readonly #failed: (thrown: unknown) => void;
  #cancel: () => void = () => {};
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: {
    checkpoint: Checkpoint;
    clock: Clock;
    state: () => CheckpointState;
    /** A write failed: what the file holds now is unknown. */
    failed: (thrown: unknown) => void;
  }) {
    this.#checkpoint = deps.checkpoint;
    this.#clock = deps.clock;
    this.#state = deps.state;
    this.#failed = deps.failed;
  }

  /** Writes now, then every second. Rejects if the first write fails. */
  async start(): Promise<void> {
    await this.#checkpoint.write(this.#state());
    this.#later();
  }

  /** Writes no more by itself. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#writing;
  }

  /** The last write, after `stop`: everything is on disk. */
  async end(clean: boolean): Promise<void> {
    try {
      if (clean) await this.#checkpoint.write({ ...this.#state(), clean });
    } finally {
      await this.#checkpoint.close();
    }
  }

  #later(): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      this.#writing = this.#checkpoint.write(this.#state()).then(
        () => this.#later(),
        (thrown: unknown) => this.#failed(thrown),
      );
    });
  }
}
