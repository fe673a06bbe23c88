import { settle, TestClock } from "../../client/testing/test-clock.js";
import type { Operation } from "../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { CursorState } from "../../server/store/cursor-state.js";
import type { Store } from "../../server/store/store.js";
import type { StoreOptions } from "../../server/store/store-options.js";
import { openSmall } from "./small-store.js";
import { addTopic, append, text } from "./store.js";

const CHECKPOINT = "checkpoint";
/** A store on a disk whose syncs of the log wait until they are released. */
export class SlowDisk {
  readonly files = new MemoryFiles();
  readonly clock = new TestClock();
  readonly calls: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #slow = false;
  store!: Store;

  static async open(options: Partial<StoreOptions>): Promise<SlowDisk> {
    const disk = new SlowDisk();
    disk.files.before = (operation) => disk.#before(operation);
    disk.store = await openSmall(disk.files, { clock: disk.clock, ...options });
    addTopic(disk.store, "orders");
    await disk.store.whenSettled();
    await disk.clock.advance(600);
    disk.#slow = true;
    disk.calls.length = 0;
    return disk;
  }

  get syncing(): number {
    return this.#waiting.length;
  }

  /** Lets the syncs under way end, and what follows from them happen. */
  async release(): Promise<void> {
    for (const end of this.#waiting.splice(0)) end();
    for (let turn = 0; turn < 20; turn++) await settle();
  }

  async fast(): Promise<void> {
    this.#slow = false;
    await this.release();
  }

  /** Sends a message and tells in `acked` when it is acknowledged, or why not. */
  send(body: string, acked: string[] = []): void {
    append(this.store, this.queue, [text(body)]);
    this.store.settled((error) => void acked.push(error === null ? body : `${body}: ${error.code}`));
  }

  /** Moves the cursor of a group. */
  move(name: string, floor: number, acked: CursorState["acked"] = []): void {
    const group = this.store.state.groups.get(name)!;
    const state = { floor, acked, retries: [], fence: 0 };
    this.store.appendCursors([{ group, queue: this.queue, state }]);
  }

  get queue() {
    return this.store.state.topics.get("orders")!.queues[0]!;
  }

  #before({ call, name }: Operation): void | Promise<void> {
    if (name === CHECKPOINT || name.endsWith(".new")) return;
    this.calls.push(call);
    if (call === "sync" && this.#slow) return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
