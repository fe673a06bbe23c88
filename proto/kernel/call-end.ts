import { CALL_OVER } from "./call-errors.js";

/**
 * The end of a call as an AbortSignal that is made when somebody asks for it: of most unary calls nobody does, and making and
 * aborting one costs as much as the codec of a small message.
 */
export class CallEnd {
  #controller: AbortController | undefined;
  #over = false;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(CALL_OVER);
    }
    return this.#controller.signal;
  }

  /** The call is over, or its caller has gone. */
  come(): void {
    this.#over = true;
    this.#controller?.abort(CALL_OVER);
  }
}
