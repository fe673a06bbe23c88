import type { Stream } from "../../proto/kernel/channel.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import type { FakeBroker, SentFrame } from "./fake-broker.js";

const REFUSALS: readonly ErrorCode[] = [
  "THROTTLED",
  "DISK_FULL",
  "BROKER_STOPPING",
  "FORBIDDEN",
  "TOPIC_NOT_FOUND",
  "STORE_FAILED",
];

const ENDINGS: readonly ErrorCode[] = [
  "CONNECTION_LOST",
  "BROKER_STOPPING",
  "INTERNAL",
  "THROTTLED",
  "BAD_REQUEST",
];

const GARBAGE: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from([0xff, 0xff, 0xff]),
  Buffer.from("no protobuf"),
  Buffer.from([8, 0x7f, 0x22, 1]),
];

/** Makes a fake broker do anything at any time: take, refuse, forget to answer, answer twice, late, nonsense, or end. */
export function lie(
  broker: FakeBroker,
  random: () => number,
  after: (ms: number, run: () => void) => void,
): void {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  broker.storesDoubtful = () => random() < 0.5;
  broker.refuse = () => {
    if (random() > 0.05) return undefined;
    const code = pick(REFUSALS);
    return new LogwheelError(code, "as it likes");
  };
  const acts: readonly ((frame: SentFrame, stream: Stream<Buffer, Buffer>) => void)[] = [
    (frame, stream) => stream.write(broker.accept(frame)),
    (frame, stream) => {
      const reply = broker.accept(frame);
      after(Math.floor(random() * 4_000), () => stream.write(reply));
    },
    (frame, stream) => {
      const reply = broker.accept(frame);
      stream.write(reply);
      stream.write(reply);
    },
    (frame) => void broker.accept(frame),
    (frame, stream) => {
      broker.accept(frame);
      stream.fail(new LogwheelError(pick(ENDINGS), "as it likes"));
    },
    (_, stream) => stream.fail(new LogwheelError(pick(ENDINGS), "as it likes")),
    (frame, stream) => {
      broker.accept(frame);
      stream.end();
    },
    (frame, stream) => {
      broker.accept(frame);
      stream.write(pick(GARBAGE));
    },
    () => {},
  ];
  const [honest] = acts;
  broker.onFrame = (frame, stream) => (random() < 0.6 ? honest! : pick(acts))(frame, stream);
}
