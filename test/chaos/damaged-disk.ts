import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { readRecord } from "../../proto/kernel/record.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { Queue } from "../../server/store/queue.js";
import type { LogRange } from "../../server/store/salvage.js";
import { segmentName } from "../../server/store/segment.js";
import type { Store } from "../../server/store/store.js";
import { type Damaged, flips, sectorDamage } from "../support/damage.js";
import { type Contents, contentsOf, withFile } from "../support/disk-contents.js";
import { replayable } from "../support/seeds.js";
import { openSmall, WORLD_SEGMENT_BYTES } from "../support/small-store.js";
import { bodyOf } from "../support/store-checks.js";
import type { Appended, Model } from "../support/store-model.js";
import { World } from "../support/store-world.js";
import type { Through } from "./power-loss.js";

/** A stopped store with several segments, and what it holds. */
export interface Original {
  readonly files: MemoryFiles;
  readonly contents: Contents;
  readonly model: Model;
  /** Retention may have dropped what lies below this log offset. */
  readonly droppedTo: number;
}

/** A world at work for some steps and stopped. Half-way retention ends, so that segments were recycled and several are left. */
export async function stoppedWorld(seed: number, steps: number): Promise<Original> {
  const files = new MemoryFiles();
  const world = new World({ files, random: seeded(seed), flush: "sync" });
  await world.open();
  await world.furnish();
  for (let step = 0; step < steps; step++) await world.step();
  await world.settled();
  await world.store.sealed.list();
  const { model, droppedTo } = world;
  await world.close();
  return { files, contents: await contentsOf(files), model, droppedTo };
}

/** Which bytes of the log are damaged. */
type IsDamaged = (from: number, to: number) => boolean;

/** Damage of one file, compared with what it was. */
function damageOf(path: string, before: Buffer, after: Buffer | undefined): IsDamaged {
  const name = /(\d{20})\.log$/.exec(path)?.[1];
  if (name === undefined) return () => false;
  const start = Number(name);
  return (from, to) => {
    for (let at = from - start; at < to - start; at++)
      if (at >= 0 && at < before.length && before[at] !== after?.[at]) return true;
    return false;
  };
}

/** What one read of a queue, message by message, gives: bodies, or undefined for what is lost. */
async function readEach(store: Store, queue: Queue, end: number): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = new Array(end).fill(undefined);
  for (let next = queue.firstOffset; next < Math.min(end, store.endOffset(queue)); ) {
    const before = next;
    try {
      next = await store.read(
        queue,
        next,
        { maxMessages: 50, maxBytes: 1 << 20 },
        {
          take(bytes, start, recordEnd, queueOffset) {
            found[queueOffset] = bodyOf(readRecord(bytes, start, recordEnd));
            return true;
          },
        },
      );
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      next++;
    }
    if (next <= before) expect.fail(`a reader does not get beyond ${before}`);
  }
  return found;
}

/** Every message is as it was sent; missing are only those whose own bytes are damaged, or that were given up. */
async function checkRest(store: Store, { model, droppedTo }: Original, isLost: IsDamaged): Promise<void> {
  for (const [number, { queues }] of model.topics)
    for (const [id, messages] of queues.entries()) {
      const queue = store.state.topicByNumber(number)?.queues[id];
      if (queue === undefined) expect(messages.filter(whole).length, `topic ${number} is lost`).to.equal(0);
      else await checkMessages(store, queue, messages);
    }
  for (const { cursors } of store.state.groups.values())
    for (const [queue, { floor }] of cursors) expect(floor).to.be.at.most(queue.nextOffset);

  function whole({ logOffset, bytes }: Appended): boolean {
    return logOffset >= droppedTo && !isLost(logOffset, logOffset + bytes);
  }

  async function checkMessages(at: Store, queue: Queue, messages: readonly Appended[]): Promise<void> {
    const found = await readEach(at, queue, messages.length);
    for (const message of messages) {
      const body = found[message.queueOffset];
      if (body !== message.body && (body !== undefined || whole(message)))
        expect.fail(
          `offset ${message.queueOffset} of ${queue.topic.name}/${queue.id}, record at ${message.logOffset}: ` +
            `${body?.slice(0, 20) ?? "nothing"} instead of ${message.body.slice(0, 20)}`,
        );
    }
  }
}

/** The range that a refusal to start tells an operator to give up. */
export function namedRange(thrown: LogwheelError): LogRange | undefined {
  const found = /--accept-damage (\d+)-(\d+)/.exec(thrown.message);
  return found === null ? undefined : { from: Number(found[1]), to: Number(found[2]) };
}

const REFUSALS_MAX = 4;

/**
 * Opens a damaged disk as an operator would who gives up what the refusal names. Says what was given up, and no store if
 * it cannot be opened so.
 */
async function openGivingUp(
  files: MemoryFiles,
  through: Through,
): Promise<{ store: Store | undefined; given: LogRange[] }> {
  const given: LogRange[] = [];
  while (given.length < REFUSALS_MAX)
    try {
      const acceptDamage = given.at(-1);
      const options = acceptDamage === undefined ? {} : { acceptDamage };
      return { store: await openSmall(through(files), options), given };
    } catch (thrown) {
      if (!LogwheelError.is(thrown)) throw thrown;
      expect(files.disk.openFiles, "files left open").to.equal(0);
      const range = namedRange(thrown);
      if (range === undefined) {
        expect(thrown.code).to.be.oneOf(["LOG_CORRUPT", "UNSUPPORTED_VERSION"]);
        return { store: undefined, given };
      }
      expect(range.to, thrown.message).to.be.greaterThan(range.from);
      given.push(range);
    }
  throw new Error(`still refused after giving up ${given.map(({ from, to }) => `${from}-${to}`).join(", ")}`);
}

/** Recovers from damage to one file and checks that no wrong byte is served and nothing else is lost, now and later. */
export async function checkDamaged(
  original: Original,
  path: string,
  bytes: Buffer | undefined,
  through: Through = (files) => files,
): Promise<"served" | "given up" | "refused"> {
  const files = await withFile(original.files, path, bytes);
  const isLost = damageOf(path, original.contents.get(path)!, bytes);
  const { store, given } = await openGivingUp(files, through);
  if (store === undefined) return "refused";
  await checkRest(store, original, isLost);
  await store.close();
  if (given.length === 0) return "served";
  const again = await openSmall(through(files));
  await checkRest(again, original, isLost);
  await again.close();
  return "given up";
}

/** How much of T5 is run. */
export interface DamageFigures {
  /** One flip of so many random bits. */
  readonly flips: number;
  /** Or every bit of every file. */
  readonly everyBit: boolean;
  /** Other damage: each `stride`th. */
  readonly stride: number;
}

function* damages(
  contents: Contents,
  { flips: count, everyBit, stride }: DamageFigures,
): Generator<[string, Damaged]> {
  const logs = [...contents].filter(([path]) => path !== "lock");
  const random = seeded(5);
  if (everyBit) for (const [path, bytes] of logs) for (const flip of flips(bytes)) yield [path, flip];
  else
    for (let number = 0; number < count; number++) {
      const [path, bytes] = logs[Math.floor(random() * logs.length)]!;
      const at = Math.floor(random() * bytes.length);
      yield [path, [...flips(bytes, at, at + 1)][Math.floor(random() * 8)]!];
    }
  let turn = 0;
  for (const [path, bytes] of logs)
    for (const damage of sectorDamage(bytes, Buffer.alloc(bytes.length, 0x5a)))
      if (turn++ % stride === 0) yield [path, damage];
  for (const [path, bytes] of logs)
    for (let size = 0; size < bytes.length; size += 512)
      if (turn++ % stride === 0) yield [path, { what: `cut at ${size}`, bytes: bytes.subarray(0, size) }];
}

/** T5: bits turned, sectors wrong, files cut, missing and doubled. */
export function describeDamagedDisk(figures: DamageFigures): void {
  describe("store on a damaged disk", () => {
    let original: Original;
    before(async function () {
      this.timeout(60_000);
      original = await stoppedWorld(11, 500);
    });

    it("T5: serves no wrong byte, names the damage below the mark, and loses nothing behind it", async function () {
      this.timeout(0);
      const only = process.env["DAMAGE"];
      const outcomes = new Map<string, number>();
      for (const [path, { what, bytes }] of damages(original.contents, figures)) {
        const name = `${path}:${what}`.replaceAll(" ", "_");
        if (only !== undefined && only !== name) continue;
        const outcome = await replayable("T5", { DAMAGE: name }, () => checkDamaged(original, path, bytes));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      if (only === undefined) expect([...outcomes.keys()]).to.include.members(["served", "given up"]);
    });

    it("T5: is refused, or opens without what it held, when a file is missing", async () => {
      for (const path of original.contents.keys())
        await replayable("T5", { DAMAGE: path }, () => checkDamaged(original, path, undefined));
    });

    it("T5: is refused when a segment is there twice", async () => {
      const [path, bytes] = [...original.contents].find(([name]) => /\d{20}\.log$/.test(name))!;
      const start = Number.parseInt(path.slice(path.indexOf("/") + 1), 10);
      const twin = segmentName(start + WORLD_SEGMENT_BYTES / 2);
      const files = await withFile(original.files, `log/${twin}`, bytes);
      const thrown = await openSmall(files).then(
        () => undefined,
        (error) => error,
      );
      expect(thrown).to.include({ code: "LOG_CORRUPT" });
      expect(thrown.message).to.include(twin);
    });
  });
}
