import type { Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/**
 * Writes what `answer` finds for the one request of a call, each as soon as it is made, and ends; further requests are nothing.
 * `answer` does not reject.
 */
export function answerOnce<Q, R>(stream: Stream<R, Q>, answer: (request: Q) => Promise<Iterable<R>>): void {
  let asked = false;
  stream.listen({
    message: (request) => {
      if (asked) return;
      asked = true;
      void answer(request).then((frames) => {
        try {
          for (const frame of frames) stream.write(frame);
          stream.end();
        } catch (thrown) {
          stream.fail(LogwheelError.from(thrown));
        }
      });
    },
    close: () => {},
  });
}
