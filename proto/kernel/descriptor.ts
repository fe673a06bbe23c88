import { readFileSync } from "node:fs";
import { protoPath } from "./proto-codec.js";
import { readText, WireReader } from "./wire.js";

/** One `.proto` file as protoc compiled it. */
export interface ProtoFile {
  readonly name: string;
  /** The original FileDescriptorProto. */
  readonly bytes: Buffer;
  readonly dependencies: readonly string[];
  /** Full names of what it declares: messages, enums, services and methods. */
  readonly symbols: readonly string[];
}

/** Field tags of google.protobuf.FileDescriptorSet, FileDescriptorProto, DescriptorProto and ServiceDescriptorProto. */
const SET_FILE = 0x0a;
const FILE = {
  NAME: 0x0a,
  PACKAGE: 0x12,
  DEPENDENCY: 0x1a,
  MESSAGE: 0x22,
  ENUM: 0x2a,
  SERVICE: 0x32,
} as const;
const NAME = 0x0a;
const MESSAGE = { NESTED: 0x1a, ENUM: 0x22 } as const;
const SERVICE_METHOD = 0x12;

/** The files in `proto/descriptor.binpb`. */
export function readDescriptor(): ProtoFile[] {
  return parseDescriptor(readFileSync(protoPath("descriptor.binpb")));
}

/** The files of an encoded FileDescriptorSet. */
export function parseDescriptor(bytes: Buffer): ProtoFile[] {
  const files: ProtoFile[] = [];
  eachBlock(bytes, (tag, block) => {
    if (tag === SET_FILE) files.push(parseFile(block));
  });
  return files;
}

function parseFile(bytes: Buffer): ProtoFile {
  let name = "";
  let scope = "";
  const dependencies: string[] = [];
  const symbols: string[] = [];
  eachBlock(bytes, (tag, block) => {
    if (tag === FILE.NAME) name = text(block);
    else if (tag === FILE.PACKAGE) scope = text(block);
    else if (tag === FILE.DEPENDENCY) dependencies.push(text(block));
  });
  eachBlock(bytes, (tag, block) => {
    if (tag === FILE.MESSAGE) addMessage(scope, block, symbols);
    else if (tag === FILE.ENUM) symbols.push(`${scope}.${nameOf(block)}`);
    else if (tag === FILE.SERVICE) addService(scope, block, symbols);
  });
  return { name, bytes, dependencies, symbols };
}

function addMessage(scope: string, bytes: Buffer, symbols: string[]): void {
  const full = `${scope}.${nameOf(bytes)}`;
  symbols.push(full);
  eachBlock(bytes, (tag, block) => {
    if (tag === MESSAGE.NESTED) addMessage(full, block, symbols);
    else if (tag === MESSAGE.ENUM) symbols.push(`${full}.${nameOf(block)}`);
  });
}

function addService(scope: string, bytes: Buffer, symbols: string[]): void {
  const full = `${scope}.${nameOf(bytes)}`;
  symbols.push(full);
  eachBlock(bytes, (tag, block) => {
    if (tag === SERVICE_METHOD) symbols.push(`${full}.${nameOf(block)}`);
  });
}

function nameOf(bytes: Buffer): string {
  let name = "";
  eachBlock(bytes, (tag, block) => {
    if (tag === NAME) name = text(block);
  });
  return name;
}

function text(bytes: Buffer): string {
  return readText(bytes, 0, bytes.length);
}

function eachBlock(bytes: Buffer, visit: (tag: number, block: Buffer) => void): void {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) !== 2) {
      reader.skip(tag);
      continue;
    }
    const end = reader.block();
    visit(tag, bytes.subarray(reader.at, end));
    reader.at = end;
  }
}
