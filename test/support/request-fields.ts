import { dirname } from "node:path";
import { loadSync } from "@grpc/proto-loader";
import { protoPath } from "../../proto/kernel/proto-codec.js";

/** A field of a request that takes text: the names of the fields that lead to it. */
export type FieldPath = readonly string[];

interface Descriptor {
  readonly name: string;
  readonly field: readonly {
    readonly name: string;
    readonly label: string;
    readonly type: string;
    readonly typeName: string;
  }[];
  readonly nestedType: readonly Descriptor[];
}

const definitions = loadSync(
  ["message", "broker", "nameserver", "admin"].map((file) => protoPath(`logwheel/v1/${file}.proto`)),
  { longs: Number, includeDirs: [dirname(protoPath("descriptor.binpb"))] },
);

function descriptor(type: string): Descriptor {
  return (definitions[type] as unknown as { type: Descriptor }).type;
}

/** Every field of a message, however deep, that takes text or bytes. */
export function textFields(type: string, within: FieldPath = []): FieldPath[] {
  return fieldsOf(descriptor(type), within);
}

function fieldsOf({ field, nestedType }: Descriptor, within: FieldPath): FieldPath[] {
  return field.flatMap(({ name, type, typeName }) => {
    const path = [...within, name];
    if (type === "TYPE_STRING" || type === "TYPE_BYTES") return [path];
    if (type !== "TYPE_MESSAGE") return [];
    const nested = nestedType.find((each) => each.name === typeName.split(".").at(-1));
    return nested === undefined ? textFields(`logwheel.v1.${typeName}`, path) : fieldsOf(nested, path);
  });
}

/** A request with this text in that field, in protobuf. */
export function requestWith(type: string, path: FieldPath, text: string | Buffer): Buffer {
  return encode(descriptor(type), path, Buffer.from(text));
}

function encode({ field, nestedType }: Descriptor, path: FieldPath, text: Buffer): Buffer {
  const [name, ...rest] = path;
  const own = field.find((each) => each.name === name)!;
  const number = (own as unknown as { number: number }).number;
  const nested = nestedType.find((each) => each.name === own.typeName.split(".").at(-1));
  const content =
    rest.length === 0 ? text : encode(nested ?? descriptor(`logwheel.v1.${own.typeName}`), rest, text);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return Buffer.from(bytes);
  }
}
