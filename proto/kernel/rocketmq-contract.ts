import type {
  AckMessageRequest,
  AckMessageRequest__Output,
} from "../gen/apache/rocketmq/v2/AckMessageRequest.js";
import type { AckMessageResponse__Output } from "../gen/apache/rocketmq/v2/AckMessageResponse.js";
import type {
  ChangeInvisibleDurationRequest,
  ChangeInvisibleDurationRequest__Output,
} from "../gen/apache/rocketmq/v2/ChangeInvisibleDurationRequest.js";
import type {
  ChangeInvisibleDurationResponse,
  ChangeInvisibleDurationResponse__Output,
} from "../gen/apache/rocketmq/v2/ChangeInvisibleDurationResponse.js";
import type {
  EndTransactionRequest,
  EndTransactionRequest__Output,
} from "../gen/apache/rocketmq/v2/EndTransactionRequest.js";
import type {
  EndTransactionResponse,
  EndTransactionResponse__Output,
} from "../gen/apache/rocketmq/v2/EndTransactionResponse.js";
import type {
  ForwardMessageToDeadLetterQueueRequest,
  ForwardMessageToDeadLetterQueueRequest__Output,
} from "../gen/apache/rocketmq/v2/ForwardMessageToDeadLetterQueueRequest.js";
import type {
  ForwardMessageToDeadLetterQueueResponse,
  ForwardMessageToDeadLetterQueueResponse__Output,
} from "../gen/apache/rocketmq/v2/ForwardMessageToDeadLetterQueueResponse.js";
import type {
  GetOffsetRequest,
  GetOffsetRequest__Output,
} from "../gen/apache/rocketmq/v2/GetOffsetRequest.js";
import type {
  GetOffsetResponse,
  GetOffsetResponse__Output,
} from "../gen/apache/rocketmq/v2/GetOffsetResponse.js";
import type {
  HeartbeatRequest,
  HeartbeatRequest__Output,
} from "../gen/apache/rocketmq/v2/HeartbeatRequest.js";
import type {
  HeartbeatResponse,
  HeartbeatResponse__Output,
} from "../gen/apache/rocketmq/v2/HeartbeatResponse.js";
import type {
  NotifyClientTerminationRequest,
  NotifyClientTerminationRequest__Output,
} from "../gen/apache/rocketmq/v2/NotifyClientTerminationRequest.js";
import type {
  NotifyClientTerminationResponse,
  NotifyClientTerminationResponse__Output,
} from "../gen/apache/rocketmq/v2/NotifyClientTerminationResponse.js";
import type {
  PullMessageRequest,
  PullMessageRequest__Output,
} from "../gen/apache/rocketmq/v2/PullMessageRequest.js";
import type {
  PullMessageResponse,
  PullMessageResponse__Output,
} from "../gen/apache/rocketmq/v2/PullMessageResponse.js";
import type {
  QueryAssignmentRequest,
  QueryAssignmentRequest__Output,
} from "../gen/apache/rocketmq/v2/QueryAssignmentRequest.js";
import type {
  QueryAssignmentResponse,
  QueryAssignmentResponse__Output,
} from "../gen/apache/rocketmq/v2/QueryAssignmentResponse.js";
import type {
  QueryOffsetRequest,
  QueryOffsetRequest__Output,
} from "../gen/apache/rocketmq/v2/QueryOffsetRequest.js";
import type {
  QueryOffsetResponse,
  QueryOffsetResponse__Output,
} from "../gen/apache/rocketmq/v2/QueryOffsetResponse.js";
import type {
  QueryRouteRequest,
  QueryRouteRequest__Output,
} from "../gen/apache/rocketmq/v2/QueryRouteRequest.js";
import type {
  QueryRouteResponse,
  QueryRouteResponse__Output,
} from "../gen/apache/rocketmq/v2/QueryRouteResponse.js";
import type {
  RecallMessageRequest,
  RecallMessageRequest__Output,
} from "../gen/apache/rocketmq/v2/RecallMessageRequest.js";
import type {
  RecallMessageResponse,
  RecallMessageResponse__Output,
} from "../gen/apache/rocketmq/v2/RecallMessageResponse.js";
import type {
  ReceiveMessageRequest,
  ReceiveMessageRequest__Output,
} from "../gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type {
  ReceiveMessageResponse,
  ReceiveMessageResponse__Output,
} from "../gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import type { SendMessageRequest } from "../gen/apache/rocketmq/v2/SendMessageRequest.js";
import type { SendMessageResponse__Output } from "../gen/apache/rocketmq/v2/SendMessageResponse.js";
import type {
  SyncLiteSubscriptionRequest,
  SyncLiteSubscriptionRequest__Output,
} from "../gen/apache/rocketmq/v2/SyncLiteSubscriptionRequest.js";
import type {
  SyncLiteSubscriptionResponse,
  SyncLiteSubscriptionResponse__Output,
} from "../gen/apache/rocketmq/v2/SyncLiteSubscriptionResponse.js";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../gen/apache/rocketmq/v2/TelemetryCommand.js";
import type {
  UpdateOffsetRequest,
  UpdateOffsetRequest__Output,
} from "../gen/apache/rocketmq/v2/UpdateOffsetRequest.js";
import type {
  UpdateOffsetResponse,
  UpdateOffsetResponse__Output,
} from "../gen/apache/rocketmq/v2/UpdateOffsetResponse.js";
import { bounded } from "./bounded-request.js";
import type { Codec, Method } from "./channel.js";
import { of } from "./method.js";
import { type AckMessageReply, decodeAckMessage, encodeAckMessageReply } from "./rocketmq-ack-codec.js";
import { decodeReceiveMessage } from "./rocketmq-receive-codec.js";
import {
  decodeSendMessage,
  encodeSendMessageReply,
  type ProducedMessages,
  type SendMessageReply,
} from "./rocketmq-send-codec.js";

const PACKAGE = "apache.rocketmq.v2";

/** Name on the wire of the service that RocketMQ 5 clients call. */
export const MESSAGING_NAME = `${PACKAGE}.MessagingService`;

const codec = <In extends object, Out extends object>(message: string): Codec<In, Out> =>
  of(message, PACKAGE);

/** What a call that receives, or pulls, is answered with: messages as bytes of the whole answer. */
export type Received = Buffer | Omit<ReceiveMessageResponse, "message">;
export type Pulled = Buffer | Omit<PullMessageResponse, "message">;

function framed<In extends object, Out extends object>(message: string): Codec<Buffer | In, Out> {
  const { encode, decode } = codec<In, Out>(message);
  return { encode: (reply) => (Buffer.isBuffer(reply) ? reply : encode(reply as In)), decode };
}

function method<K extends "unary" | "stream">(kind: K) {
  return <Q extends object, QOut extends object, R extends object, ROut extends object>(
    name: string,
    request: string,
    reply: string,
  ): Method<Q, QOut, R, ROut> & { kind: K } => ({
    path: `/${MESSAGING_NAME}/${name}`,
    kind,
    request: bounded(request, codec<Q, QOut>(request)),
    reply: codec(reply),
  });
}

const unary = method("unary");
const stream = method("stream");

/** A call that is made for each message: on the server it goes past the general codecs. */
function hot<K extends "unary" | "stream", Q extends object, QOut, R, ROut extends object>(
  kind: K,
  name: string,
  codecs: {
    readonly decode: (bytes: Buffer) => QOut;
    readonly encode: (reply: R) => Buffer;
    readonly carriesBodies?: boolean;
  },
): Method<Q, QOut, R, ROut> & { kind: K } {
  const { encode } = codec<Q, object>(`${name}Request`);
  const { decode } = codec<object, ROut>(`${name}Response`);
  return {
    path: `/${MESSAGING_NAME}/${name}`,
    kind,
    request: bounded(`${name}Request`, { encode, decode: codecs.decode }, codecs.carriesBodies),
    reply: { encode: codecs.encode, decode },
  };
}

/** The calls of RocketMQ 5 clients. A stream of one request is one whose caller writes no more after the first. */
export const MESSAGING = {
  queryRoute: unary<
    QueryRouteRequest,
    QueryRouteRequest__Output,
    QueryRouteResponse,
    QueryRouteResponse__Output
  >("QueryRoute", "QueryRouteRequest", "QueryRouteResponse"),
  heartbeat: unary<HeartbeatRequest, HeartbeatRequest__Output, HeartbeatResponse, HeartbeatResponse__Output>(
    "Heartbeat",
    "HeartbeatRequest",
    "HeartbeatResponse",
  ),
  sendMessage: hot<
    "unary",
    SendMessageRequest,
    ProducedMessages,
    SendMessageReply,
    SendMessageResponse__Output
  >("unary", "SendMessage", {
    decode: decodeSendMessage,
    encode: encodeSendMessageReply,
    carriesBodies: true,
  }),
  queryAssignment: unary<
    QueryAssignmentRequest,
    QueryAssignmentRequest__Output,
    QueryAssignmentResponse,
    QueryAssignmentResponse__Output
  >("QueryAssignment", "QueryAssignmentRequest", "QueryAssignmentResponse"),
  receiveMessage: hot<
    "stream",
    ReceiveMessageRequest,
    ReceiveMessageRequest__Output,
    Received,
    ReceiveMessageResponse__Output
  >("stream", "ReceiveMessage", {
    decode: decodeReceiveMessage,
    encode: framed("ReceiveMessageResponse").encode,
  }),
  ackMessage: hot<
    "unary",
    AckMessageRequest,
    AckMessageRequest__Output,
    AckMessageReply,
    AckMessageResponse__Output
  >("unary", "AckMessage", { decode: decodeAckMessage, encode: encodeAckMessageReply }),
  forwardMessageToDeadLetterQueue: unary<
    ForwardMessageToDeadLetterQueueRequest,
    ForwardMessageToDeadLetterQueueRequest__Output,
    ForwardMessageToDeadLetterQueueResponse,
    ForwardMessageToDeadLetterQueueResponse__Output
  >(
    "ForwardMessageToDeadLetterQueue",
    "ForwardMessageToDeadLetterQueueRequest",
    "ForwardMessageToDeadLetterQueueResponse",
  ),
  pullMessage: {
    path: `/${MESSAGING_NAME}/PullMessage`,
    kind: "stream",
    request: bounded("PullMessageRequest", codec("PullMessageRequest")),
    reply: framed("PullMessageResponse"),
  } as Method<PullMessageRequest, PullMessageRequest__Output, Pulled, PullMessageResponse__Output> & {
    kind: "stream";
  },
  updateOffset: unary<
    UpdateOffsetRequest,
    UpdateOffsetRequest__Output,
    UpdateOffsetResponse,
    UpdateOffsetResponse__Output
  >("UpdateOffset", "UpdateOffsetRequest", "UpdateOffsetResponse"),
  getOffset: unary<GetOffsetRequest, GetOffsetRequest__Output, GetOffsetResponse, GetOffsetResponse__Output>(
    "GetOffset",
    "GetOffsetRequest",
    "GetOffsetResponse",
  ),
  queryOffset: unary<
    QueryOffsetRequest,
    QueryOffsetRequest__Output,
    QueryOffsetResponse,
    QueryOffsetResponse__Output
  >("QueryOffset", "QueryOffsetRequest", "QueryOffsetResponse"),
  endTransaction: unary<
    EndTransactionRequest,
    EndTransactionRequest__Output,
    EndTransactionResponse,
    EndTransactionResponse__Output
  >("EndTransaction", "EndTransactionRequest", "EndTransactionResponse"),
  telemetry: stream<TelemetryCommand, TelemetryCommand__Output, TelemetryCommand, TelemetryCommand__Output>(
    "Telemetry",
    "TelemetryCommand",
    "TelemetryCommand",
  ),
  notifyClientTermination: unary<
    NotifyClientTerminationRequest,
    NotifyClientTerminationRequest__Output,
    NotifyClientTerminationResponse,
    NotifyClientTerminationResponse__Output
  >("NotifyClientTermination", "NotifyClientTerminationRequest", "NotifyClientTerminationResponse"),
  changeInvisibleDuration: unary<
    ChangeInvisibleDurationRequest,
    ChangeInvisibleDurationRequest__Output,
    ChangeInvisibleDurationResponse,
    ChangeInvisibleDurationResponse__Output
  >("ChangeInvisibleDuration", "ChangeInvisibleDurationRequest", "ChangeInvisibleDurationResponse"),
  recallMessage: unary<
    RecallMessageRequest,
    RecallMessageRequest__Output,
    RecallMessageResponse,
    RecallMessageResponse__Output
  >("RecallMessage", "RecallMessageRequest", "RecallMessageResponse"),
  syncLiteSubscription: unary<
    SyncLiteSubscriptionRequest,
    SyncLiteSubscriptionRequest__Output,
    SyncLiteSubscriptionResponse,
    SyncLiteSubscriptionResponse__Output
  >("SyncLiteSubscription", "SyncLiteSubscriptionRequest", "SyncLiteSubscriptionResponse"),
} as const;
