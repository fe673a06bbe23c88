import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import type { Codec } from "./channel.js";
import { LogwheelError } from "./errors.js";

/** The files of each package, below `proto/`. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "logwheel.v1": [
    "logwheel/v1/message.proto",
    "logwheel/v1/broker.proto",
    "logwheel/v1/nameserver.proto",
    "logwheel/v1/admin.proto",
  ],
  "grpc.health.v1": ["grpc/health/v1/health.proto"],
  "grpc.reflection.v1": ["grpc/reflection/v1/reflection.proto"],
};

const require = createRequire(import.meta.url);

/** Path of a file below `proto/`, wherever the package is installed and whether it is compiled or not. */
export function protoPath(file: string): string {
  return require.resolve(`#proto/${file}`);
}

const loaded = new Map<string, PackageDefinition>();

/**
 * What the file that declares a message declares, read when its first message is met: a broker that starts needs the
 * name server's file only, and reading all of them costs a tenth of its start.
 */
function definitionsOf(type: string): PackageDefinition {
  const dot = type.lastIndexOf(".");
  const declaration = `\nmessage ${type.slice(dot + 1)} {`;
  const files = FILES[type.slice(0, dot)] ?? [];
  const file = files.find((name) => readFileSync(protoPath(name), "utf8").includes(declaration));
  if (file === undefined) throw new LogwheelError("INTERNAL", `no .proto file declares ${type}`);
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const definitions = loadSync(file, {
    longs: Number,
    enums: Number,
    arrays: true,
    oneofs: true,
    defaults: true,
    includeDirs: [dirname(protoPath("descriptor.binpb"))],
  });
  loaded.set(file, definitions);
  return definitions;
}

/**
 * The codec of one message of the contract, for example `logwheel.v1.SendRequest`, by its `.proto` file.
 *
 * Numbers that no double holds exactly throw BAD_REQUEST both ways (the library would round them), and so do bytes of
 * another shape.
 */
export function protoCodec<In extends object, Out extends object>(type: string): Codec<In, Out> {
  let definition: MessageTypeDefinition<object, object> | undefined;
  const find = (): MessageTypeDefinition<object, object> => {
    definition ??= definitionsOf(type)[type] as MessageTypeDefinition<object, object>;
    return definition;
  };
  return {
    encode(value) {
      checkNumbers(type, value);
      return find().serialize(value);
    },
    decode(bytes) {
      const value = decode(type, find(), bytes);
      checkNumbers(type, value);
      return value as Out;
    },
  };
}

function decode(type: string, definition: MessageTypeDefinition<object, object>, bytes: Buffer): object {
  try {
    return definition.deserialize(bytes);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("BAD_REQUEST", `the bytes are no ${type}: ${why}`, { cause: thrown });
  }
}

function checkNumbers(type: string, value: object): void {
  if (ArrayBuffer.isView(value)) return;
  for (const item of Object.values(value)) {
    if (typeof item === "number") {
      if (!Number.isSafeInteger(item))
        throw new LogwheelError(
          "BAD_REQUEST",
          `${type} has the number ${item}, which is not whole or above 2^53`,
        );
    } else if (typeof item === "object" && item !== null) checkNumbers(type, item);
  }
}
