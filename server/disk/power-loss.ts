import type { PagedBytes } from "./paged-bytes.js";

/** What of the unsynced survives: nothing, everything, or what chance (0..1) leaves. */
export type PowerLoss = "nothing" | "everything" | (() => number);

/** A change of a file's bytes. */
export type Change =
  | { readonly kind: "write"; readonly bytes: Buffer; readonly position: number }
  | { readonly kind: "resize"; readonly bytes: number };

/** Does to a file what is left of a change. */
export type Fate = (change: Change, file: PagedBytes) => void;

const SECTOR_BYTES = 512;

/** The whole change. */
export const whole: Fate = (change, file) => {
  if (change.kind === "write") file.write(change.bytes, change.position);
  else file.resize(change.bytes);
};

const none: Fate = () => {};

/**
 * How the unsynced changes of one file fare, asked for each in its order.
 *
 * By chance it is one of four: none survive; all do; the first ones do and the next is torn at a byte; or each meets a
 * fate of its own, so that late ones survive without early ones.
 */
export function fateOfFile(loss: PowerLoss): Fate {
  if (loss === "nothing") return none;
  if (loss === "everything") return whole;
  const fates = [none, whole, firstOnes(loss), eachItsOwn(loss), eachItsOwn(loss)];
  return fates[below(loss, fates.length)]!;
}

/** Which of a folder's unsynced changes of names survive: by chance the first ones or any. */
export function survivingNames(loss: PowerLoss): () => boolean {
  if (typeof loss === "string") return () => loss === "everything";
  if (loss() < 0.3) return () => loss() < 0.5;
  let alive = true;
  return () => {
    alive &&= loss() < 0.7;
    return alive;
  };
}

function firstOnes(random: () => number): Fate {
  let alive = true;
  return (change, file) => {
    if (!alive) return;
    alive = random() < 0.7;
    (alive ? whole : torn(random))(change, file);
  };
}

function eachItsOwn(random: () => number): Fate {
  const fates = [none, whole, torn(random), sectors(random), sizeOnly];
  return (change, file) => fates[below(random, fates.length)]!(change, file);
}

/** The first bytes of a write. */
function torn(random: () => number): Fate {
  return (change, file) => {
    if (change.kind !== "write") return;
    file.write(change.bytes.subarray(0, below(random, change.bytes.byteLength + 1)), change.position);
  };
}

/** Some sectors of a write: the disk takes them in any order. */
function sectors(random: () => number): Fate {
  return (change, file) => {
    if (change.kind !== "write") return;
    const end = change.position + change.bytes.byteLength;
    for (let at = change.position; at < end; ) {
      const next = Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
      if (random() < 0.5) {
        file.write(change.bytes.subarray(at - change.position, next - change.position), at);
      }
      at = next;
    }
  };
}

/** The new length, and zeros for bytes that were not there. */
const sizeOnly: Fate = (change, file) => {
  const size = change.kind === "write" ? change.position + change.bytes.byteLength : change.bytes;
  file.resize(change.kind === "write" ? Math.max(size, file.size) : size);
};

function below(random: () => number, bound: number): number {
  return Math.floor(random() * bound);
}
