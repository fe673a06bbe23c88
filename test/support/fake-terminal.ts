import { setMaxListeners } from "node:events";
import type { Terminal } from "../../client/cli/terminal.js";

/** A Terminal that keeps what was written; by default nobody sits at it. */
export class FakeTerminal implements Terminal {
  readonly data: string[] = [];
  readonly notes: string[] = [];
  readonly questions: string[] = [];
  outIsTty = false;
  canAsk = false;
  environment: Record<string, string | undefined> = {};
  input: readonly string[] = [];
  answer = "";
  readonly interrupt = new AbortController();

  get signal(): AbortSignal {
    setMaxListeners(0, this.interrupt.signal);
    return this.interrupt.signal;
  }

  async out(line: string): Promise<void> {
    this.data.push(...line.split("\n"));
  }

  note(line: string): void {
    this.notes.push(line);
  }

  progress(): void {}

  async *lines(): AsyncIterable<Uint8Array> {
    yield* this.input.map((line) => Buffer.from(line));
  }

  async ask(question: string): Promise<string> {
    this.questions.push(question);
    return this.answer;
  }
}
