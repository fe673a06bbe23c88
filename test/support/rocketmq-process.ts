import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ProgramOrders, ProgramReport } from "./rocketmq-program.js";

const program = fileURLToPath(new URL("./rocketmq-program.js", import.meta.url));
const running = new Set<RocketmqProcess>();

/** A program with RocketMQ's client for Node, in a process of its own: it can be killed, and it logs into a folder of the test. */
export class RocketmqProcess {
  /** What it has told, in that order. */
  readonly reports: ProgramReport[] = [];
  /** Each body once. */
  readonly distinct = new Set<string>();
  readonly #child: ChildProcess;
  #stderr = "";

  constructor(orders: ProgramOrders, home: string) {
    const env = { ...process.env, HOME: home };
    this.#child = fork(program, [JSON.stringify(orders)], {
      env,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.on("message", (message) => {
      const report = message as ProgramReport;
      this.reports.push(report);
      this.distinct.add(report.body);
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#stderr += bytes;
    });
    running.add(this);
  }

  /** Ends what tests have left behind; for `after` hooks. */
  static async killAll(): Promise<void> {
    await Promise.all([...running].map((each) => each.kill()));
  }

  get bodies(): string[] {
    return this.reports.map(({ body }) => body);
  }

  /** What it wrote before it died of an error; empty as long as it lives. */
  get failure(): string {
    return this.#child.exitCode === null ? "" : `it ended with ${this.#child.exitCode}: ${this.#stderr}`;
  }

  /** No line of its code runs any more. */
  async kill(): Promise<void> {
    running.delete(this);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const over = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await over;
  }
}
