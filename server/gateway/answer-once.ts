import type { Stream } from "../../proto/kernel/channel.js";

/** Writes what `answer` finds for the one request of a call, and ends; further ones are nothing. `answer` does not reject. */
export function answerOnce<Q, R>(stream: Stream<R, Q>, answer: (request: Q) => Promise<readonly R[]>): void {
  let asked = false;
  stream.listen({
    message: (request) => {
      if (asked) return;
      asked = true;
      void answer(request).then((frames) => {
        for (const frame of frames) stream.write(frame);
        stream.end();
      });
    },
    close: () => {},
  });
}
