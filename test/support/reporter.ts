import Mocha from "mocha";
import { skipReason } from "./skip.js";

/**
 * Mocha reporter: a line per outermost suite, failures with their difference, each skipped test with its reason, and
 * as the last line the counts alone, for example `12 passed, 0 failed`.
 */
class Reporter {
  readonly #failures: readonly Mocha.Test[];
  readonly #skipped: Mocha.Test[] = [];
  #passed = 0;
  #failed = 0;
  /** Of the outermost suite that runs now. */
  #suitePassed = 0;
  #suiteFailed = 0;

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    const base = new Mocha.reporters.Base(runner, options);
    this.#failures = base.failures;
    runner.on("suite", (suite) => this.#onSuite(suite));
    runner.on("pass", () => this.#onPass());
    runner.on("fail", () => this.#onFail());
    runner.on("pending", (test) => this.#skipped.push(test));
    runner.on("suite end", (suite) => this.#onSuiteEnd(suite));
    runner.once("end", () => this.#onEnd());
  }

  #onSuite(suite: Mocha.Suite): void {
    if (!suite.parent?.root) return;
    this.#suitePassed = 0;
    this.#suiteFailed = 0;
  }

  #onPass(): void {
    this.#passed++;
    this.#suitePassed++;
  }

  #onFail(): void {
    this.#failed++;
    this.#suiteFailed++;
  }

  #onSuiteEnd(suite: Mocha.Suite): void {
    if (!suite.parent?.root) return;
    const failed = this.#suiteFailed === 0 ? "" : `, ${this.#suiteFailed} FAILED`;
    print(`${suite.title}: ${this.#suitePassed}${failed}`);
  }

  #onEnd(): void {
    if (this.#failures.length > 0) Mocha.reporters.Base.list([...this.#failures]);
    for (const test of this.#skipped) print(`skipped: ${test.fullTitle()}: ${skipReason(test)}`);
    const skipped = this.#skipped.length === 0 ? "" : `, ${this.#skipped.length} skipped`;
    print(`${this.#passed} passed, ${this.#failed} failed${skipped}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Mocha takes a reporter file's default export.
export default Reporter;
