import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import type { Codec } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { NumberFields } from "./number-fields.js";

/** The files of each package, below `proto/`. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "logwheel.v1": [
    "logwheel/v1/message.proto",
    "logwheel/v1/broker.proto",
    "logwheel/v1/nameserver.proto",
    "logwheel/v1/admin.proto",
  ],
  "apache.rocketmq.v2": ["apache/rocketmq/v2/service.proto", "apache/rocketmq/v2/definition.proto"],
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
 * Numbers that their field cannot carry, or no double holds exactly, throw BAD_REQUEST both ways: the library would wrap
 * or round them. So do bytes of another shape.
 */
export function protoCodec<In extends object, Out extends object>(type: string): Codec<In, Out> {
  let found: { definition: MessageTypeDefinition<object, object>; numbers: NumberFields } | undefined;
  const find = (): NonNullable<typeof found> => {
    found ??= messageType(type);
    return found;
  };
  return {
    encode(value) {
      const { definition, numbers } = find();
      numbers.check(value);
      return definition.serialize(value);
    },
    decode(bytes) {
      const { definition, numbers } = find();
      const value = decode(type, definition, bytes);
      numbers.check(value);
      return value as Out;
    },
  };
}

function messageType(type: string) {
  const definitions = definitionsOf(type);
  const definition = definitions[type] as MessageTypeDefinition<object, object>;
  return { definition, numbers: NumberFields.of(type, definitions) };
}

function decode(type: string, definition: MessageTypeDefinition<object, object>, bytes: Buffer): object {
  try {
    return definition.deserialize(bytes);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("BAD_REQUEST", `the bytes are no ${type}: ${why}`, { cause: thrown });
  }
}
