import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Files whose types are written. Of the two versions of reflection, which have the same shape, one. */
const TYPED = [
  "logwheel/v1/message.proto",
  "logwheel/v1/broker.proto",
  "logwheel/v1/nameserver.proto",
  "logwheel/v1/admin.proto",
  "apache/rocketmq/v2/service.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
];

/** Files that reflection serves. */
const DESCRIBED = [...TYPED, "grpc/reflection/v1alpha/reflection.proto"];

const OPTIONS = [
  "--longs=Number",
  "--enums=Number",
  "--arrays",
  "--oneofs",
  "--defaults",
  "--grpcLib=@grpc/grpc-js",
  "--importFileExtension=.js",
];

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** The `proto` folder of the sources. */
export const PROTO_FOLDER = dirname(require.resolve("#proto/descriptor.binpb"));

/** Writes `gen/` and `descriptor.binpb` into `folder`, an absolute path, from the `.proto` files. Needs `protoc` (3.21) on the PATH. */
export async function generate(folder: string): Promise<void> {
  const typesFolder = join(folder, "gen");
  await rm(typesFolder, { recursive: true, force: true });
  await mkdir(typesFolder, { recursive: true });
  const library = dirname(require.resolve("@grpc/proto-loader/package.json"));
  const script = join(library, "build/bin/proto-loader-gen-types.js");
  const cwd = dirname(PROTO_FOLDER);
  const types = [script, ...OPTIONS, `--outDir=${typesFolder}`, "-I", "proto", "--", ...TYPED];
  await run(process.execPath, types, { cwd });
  const descriptor = join(folder, "descriptor.binpb");
  const set = ["-I", "proto", "--include_imports", `--descriptor_set_out=${descriptor}`, ...DESCRIBED];
  await run("protoc", set, { cwd });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await generate(PROTO_FOLDER);
