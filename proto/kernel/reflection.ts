import type {
  ServerReflectionRequest,
  ServerReflectionRequest__Output,
} from "../gen/grpc/reflection/v1/ServerReflectionRequest.js";
import type {
  ServerReflectionResponse,
  ServerReflectionResponse__Output,
} from "../gen/grpc/reflection/v1/ServerReflectionResponse.js";
import type { Handlers, Method, Served, Stream } from "./channel.js";
import { type ProtoFile, readDescriptor } from "./descriptor.js";
import { protoCodec } from "./proto-codec.js";

/** The old package has the same shape; widely used tools still ask for it first or only. */
const PACKAGES = ["grpc.reflection.v1", "grpc.reflection.v1alpha"] as const;

const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

const request = protoCodec<ServerReflectionRequest, ServerReflectionRequest__Output>(
  "grpc.reflection.v1.ServerReflectionRequest",
);
const reply = protoCodec<ServerReflectionResponse, ServerReflectionResponse__Output>(
  "grpc.reflection.v1.ServerReflectionResponse",
);

type Request = ServerReflectionRequest__Output;
type Reply = ServerReflectionResponse;

/** The standard reflection service of one package. */
export function reflectionService(name: (typeof PACKAGES)[number]): {
  info: Method<ServerReflectionRequest, Request, Reply, ServerReflectionResponse__Output> & {
    kind: "stream";
  };
} {
  return {
    info: { path: `/${name}.ServerReflection/ServerReflectionInfo`, kind: "stream", request, reply },
  };
}

/**
 * Reflection for the services named: tools learn methods and messages from the server, as protoc compiled them. Reads
 * the descriptor when first asked.
 */
export function reflection(services: readonly string[]): Served[] {
  const names = [...services, ...PACKAGES.map((name) => `${name}.ServerReflection`)];
  let index: Index | undefined;
  const answer = (asked: Request): Reply => {
    index ??= new Index(readDescriptor());
    return { validHost: asked.host, originalRequest: asked, ...index.answer(asked, names) };
  };
  return PACKAGES.map((name) => {
    const service = reflectionService(name);
    const handlers: Handlers<typeof service> = { info: (stream) => answerAll(stream, answer) };
    return { name: `${name}.ServerReflection`, service, handlers };
  });
}

function answerAll(stream: Stream<Reply, Request>, answer: (asked: Request) => Reply): void {
  stream.listen({
    message: (asked) => {
      if (!stream.write(answer(asked))) stream.pause();
    },
    drain: () => stream.resume(),
    end: () => stream.end(),
    close: () => {},
  });
}

class Index {
  readonly #byName = new Map<string, ProtoFile>();
  readonly #bySymbol = new Map<string, ProtoFile>();

  constructor(files: readonly ProtoFile[]) {
    for (const file of files) {
      this.#byName.set(file.name, file);
      for (const symbol of file.symbols) this.#bySymbol.set(symbol, file);
    }
  }

  answer(asked: Request, services: readonly string[]): Reply {
    switch (asked.messageRequest) {
      case "listServices":
        return { listServicesResponse: { service: services.map((name) => ({ name })) } };
      case "fileByFilename":
        return this.#files(this.#byName.get(asked.fileByFilename ?? ""), `file ${asked.fileByFilename}`);
      case "fileContainingSymbol":
        return this.#files(this.#bySymbol.get(asked.fileContainingSymbol ?? ""), asked.fileContainingSymbol);
      case "allExtensionNumbersOfType":
        if (!this.#bySymbol.has(asked.allExtensionNumbersOfType ?? ""))
          return failure(NOT_FOUND, `no ${asked.allExtensionNumbersOfType} is known here`);
        return { allExtensionNumbersResponse: { baseTypeName: asked.allExtensionNumbersOfType ?? "" } };
      case "fileContainingExtension":
        return failure(NOT_FOUND, "there are no extensions");
      default:
        return failure(UNIMPLEMENTED, "the request asks for nothing that is known here");
    }
  }

  /** The file and all that it stands on. */
  #files(file: ProtoFile | undefined, what: string | undefined): Reply {
    if (file === undefined) return failure(NOT_FOUND, `no ${what} is known here`);
    const found = new Set([file]);
    for (const { dependencies } of found)
      for (const name of dependencies) {
        const dependency = this.#byName.get(name);
        if (dependency !== undefined) found.add(dependency);
      }
    return { fileDescriptorResponse: { fileDescriptorProto: [...found].map(({ bytes }) => bytes) } };
  }
}

function failure(errorCode: number, errorMessage: string): Reply {
  return { errorResponse: { errorCode, errorMessage } };
}
