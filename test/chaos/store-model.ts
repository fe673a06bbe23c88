import { expect } from "chai";
import fc from "fast-check";
import { seeded } from "../../client/testing/seeded.js";
import { settle } from "../../client/testing/test-clock.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { Flush } from "../../server/store/writer.js";
import { replayable } from "../support/seeds.js";
import { checkReplays, checkStore } from "../support/store-checks.js";
import { World } from "../support/store-world.js";

/** A world, and the disk it is on. */
interface Running {
  readonly world: World;
  readonly flush: Flush;
  files: MemoryFiles;
}

type Act = (running: Running, number: number) => void | Promise<void>;

/** What the model test does to a store. `number` chooses the details. */
const ACTS: Readonly<Record<string, Act>> = {
  send: ({ world }) => world.send(1),
  sendBatch: ({ world }, number) => world.send(2 + (number % 6)),
  createTopic: ({ world }, number) => world.createTopic(1 + (number % 3)),
  growTopic: ({ world }) => world.growTopic(),
  deleteTopic: ({ world }) => world.deleteTopic(),
  createGroup: ({ world }) => world.createGroup(),
  deleteGroup: ({ world }) => world.deleteGroup(),
  moveCursors: ({ world }) => world.moveCursors(),
  settleProducer: ({ world }) => world.settleProducer(),
  wait: ({ world }) => world.settled(),
  turn: () => settle(),
  halfASecond: ({ world }) => world.clock.advance(500),
  twoSeconds: ({ world }) => world.clock.advance(2_000),
  roll,
  retention: ({ world }) => world.dropFirst(),
  restart: ({ world }) => world.restart(),
  postpone: ({ world }) => world.postpone(),
  settleDue: ({ world }) => world.settleDue(),
  kill: (running) => crash(running, running.files.clone(), running.world.views.clone(), true),
  powerCut: (running, number) => {
    const views = running.world.views.losePower(seeded(number));
    return crash(running, running.files.losePower(seeded(number)), views, false);
  },
  viewsGone: async ({ world }) => {
    await world.close();
    world.views = new MemoryViews();
    await world.open();
  },
  check,
};

async function roll({ world }: Running): Promise<void> {
  const { segments } = world.store.figures;
  for (let sent = 0; world.store.figures.segments === segments && sent < 200; sent++) {
    world.send(3);
    await world.settled();
  }
}

async function crash(
  running: Running,
  left: MemoryFiles,
  views: MemoryViews,
  killed: boolean,
): Promise<void> {
  const { world, flush } = running;
  const { ackedTo, durableTo } = world.progress;
  const safe = flush === "sync" || killed ? ackedTo : durableTo;
  const due = world.entries.filter(({ end }) => end <= safe).at(-1)?.end ?? 0;
  running.files = left;
  await world.reboot(left, views);
  expect(world.store.recovered.end, "end of the log").to.be.at.least(due);
  await checkStore(world.store, world.model, world.droppedTo);
}

async function check({ world }: Running): Promise<void> {
  await world.settled();
  await checkStore(world.store, world.model, world.droppedTo);
  await checkReplays(world.store);
}

/** One act with its number, as fast-check runs and prints it. */
class ActCommand implements fc.AsyncCommand<object, Running> {
  readonly #name: string;
  readonly #number: number;

  constructor(name: string, number: number) {
    this.#name = name;
    this.#number = number;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, running: Running): Promise<void> {
    running.world.random = seeded(this.#number);
    await ACTS[this.#name]!(running, this.#number);
  }

  toString(): string {
    return `${this.#name}(${this.#number})`;
  }
}

const COMMANDS = Object.keys(ACTS).map((name) =>
  fc.nat(1 << 20).map((number) => new ActCommand(name, number)),
);

async function runCommands(
  commands: Iterable<fc.AsyncCommand<object, Running>>,
  flush: Flush,
): Promise<void> {
  const files = new MemoryFiles();
  const world = new World({ files, random: seeded(1), flush });
  await world.open();
  const real = { world, files, flush };
  await fc.asyncModelRun(() => ({ model: {}, real }), commands);
  await check(real);
  await world.close();
}

const SEED = 22;

/** T22: any sequence of up to 100 acts, crashes among them, leaves what the model says. */
export function describeStoreModel({ sequences }: { sequences: number }): void {
  describe("store against its model", () => {
    for (const flush of ["sync", "async"] as const)
      it(`T22: holds what maps and arrays hold after any sequence of acts, with ${flush} flush`, async function () {
        this.timeout(0);
        const seed = Number(process.env["SEED"] ?? SEED);
        const property = fc.asyncProperty(
          fc.commands(COMMANDS, { maxCommands: 100, size: "+2" }),
          (commands) => runCommands(commands, flush),
        );
        await replayable("T22", { SEED: seed }, () => fc.assert(property, { numRuns: sequences, seed }));
      });
  });
}
