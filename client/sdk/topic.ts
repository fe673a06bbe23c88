import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName } from "../../proto/kernel/limits.js";

/** How values of one type become the body of a message and come back. */
export interface Codec<T> {
  /** For example `application/json`; for people, not sent. */
  readonly contentType: string;
  /** What it throws reaches the sender as CODEC, before anything is sent. */
  encode(value: T): Uint8Array;
  /** Decodes a body; what it throws, or rejects with, reaches the consumer as CODEC. `bytes` may be kept. */
  decode(bytes: Uint8Array): T | Promise<T>;
}

/** A topic's name together with the type of its bodies. */
export interface Topic<T> {
  readonly name: string;
  readonly codec: Codec<T>;
}

/** The published `~standard` contract (https://standardschema.dev) that zod, valibot, arktype and others fulfil. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema says of a value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One objection of a Standard Schema. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Bodies as they are: the codec of a topic without options. */
export const bytesCodec: Codec<Uint8Array> = {
  contentType: "application/octet-stream",
  encode(value) {
    if (value instanceof Uint8Array) return value;
    throw new LogwheelError(
      "CODEC",
      `this topic takes bytes, not ${typeof value}: encode the body, or give the topic a schema or codec`,
    );
  },
  decode: (bytes) => bytes,
};

/** A topic of plain bytes. */
export function topic(name: string): Topic<Uint8Array>;
/**
 * A topic of JSON documents that fit a schema. A body is checked when it is sent, as the JSON that consumers will read,
 * and again when it arrives. A schema that answers with a promise is asked by consumers only.
 */
// biome-ignore lint/suspicious/noExplicitAny: what a schema takes does not matter, only what it gives
export function topic<O>(name: string, options: { readonly schema: StandardSchemaV1<any, O> }): Topic<O>;
/** A topic with a codec of your own: protobuf, Avro, compressed text. */
export function topic<T>(name: string, options: { readonly codec: Codec<T> }): Topic<T>;
export function topic(
  name: string,
  options?: { readonly schema?: StandardSchemaV1; readonly codec?: Codec<unknown> },
): Topic<unknown> {
  checkTopicName(name);
  const codec = options?.schema === undefined ? (options?.codec ?? bytesCodec) : schemaCodec(options.schema);
  return Object.freeze({ name, codec: codec as Codec<unknown> });
}

function schemaCodec(schema: StandardSchemaV1): Codec<unknown> {
  const standard = schema["~standard"];
  return {
    contentType: "application/json",
    encode(value) {
      const text = JSON.stringify(value);
      if (text === undefined) throw new LogwheelError("CODEC", `a ${typeof value} has no JSON form`);
      checkSendable(standard, text);
      return Buffer.from(text);
    },
    decode(bytes) {
      const checked = standard.validate(JSON.parse(textOf(bytes)));
      return checked instanceof Promise ? checked.then(accepted) : accepted(checked);
    },
  };
}

/** Asks about the parsed JSON, because that is what consumers will see: a Date, for example, is a string there. */
function checkSendable(standard: StandardSchemaV1["~standard"], text: string): void {
  const checked = standard.validate(JSON.parse(text));
  if (checked instanceof Promise) checked.catch(() => {});
  else accepted(checked);
}

function textOf(bytes: Uint8Array): string {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.toString("utf8");
}

function accepted<T>(checked: StandardResult<T>): T {
  if (checked.issues === undefined) return checked.value;
  throw new LogwheelError(
    "CODEC",
    `the body does not fit the schema: ${checked.issues.map(issueText).join("; ")}`,
  );
}

function issueText(issue: StandardIssue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}
