/**
 * What is known of a change: `unsynced` may be lost; `synced` is on the disk; `doubtful` was covered by a sync that
 * failed: the cache shows it, no later sync brings it to the disk, and nobody knows whether it is there.
 */
type State = "unsynced" | "synced" | "doubtful";

/** Changes of a file or of a folder's names, in order, as long as any of them, or one before, may be missing on the disk. */
export class Unsynced<Change> {
  #entries: { readonly change: Change; state: State }[] = [];

  add(change: Change): void {
    this.#entries.push({ change, state: "unsynced" });
  }

  /** A sync begins; the returned function ends it and gives each change that became part of the disk to `settle`. */
  startSync(settle: (change: Change) => void): (succeeded: boolean) => void {
    const covered = this.#entries.filter(({ state }) => state === "unsynced");
    return (succeeded) => {
      for (const entry of covered) entry.state = succeeded ? "synced" : "doubtful";
      const kept = this.#entries.findIndex(({ state }) => state !== "synced");
      const settled = this.#entries.splice(0, kept < 0 ? this.#entries.length : kept);
      for (const { change } of settled) settle(change);
    };
  }

  /** The changes in order; `certain` are those that a power loss does not touch. */
  *changes(): Generator<{ change: Change; certain: boolean }> {
    for (const { change, state } of this.#entries) yield { change, certain: state === "synced" };
  }

  clone(mapped: (change: Change) => Change): Unsynced<Change> {
    const copy = new Unsynced<Change>();
    copy.#entries = this.#entries.map(({ change, state }) => ({ change: mapped(change), state }));
    return copy;
  }
}
