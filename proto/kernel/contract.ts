import type { AckReply, AckReply__Output } from "../gen/logwheel/v1/AckReply.js";
import type { AckRequest, AckRequest__Output } from "../gen/logwheel/v1/AckRequest.js";
import type { ConsumeRequest, ConsumeRequest__Output } from "../gen/logwheel/v1/ConsumeRequest.js";
import type {
  CreateGroupRequest,
  CreateGroupRequest__Output,
} from "../gen/logwheel/v1/CreateGroupRequest.js";
import type {
  CreateTopicRequest,
  CreateTopicRequest__Output,
} from "../gen/logwheel/v1/CreateTopicRequest.js";
import type { DeleteGroupReply, DeleteGroupReply__Output } from "../gen/logwheel/v1/DeleteGroupReply.js";
import type {
  DeleteGroupRequest,
  DeleteGroupRequest__Output,
} from "../gen/logwheel/v1/DeleteGroupRequest.js";
import type { DeleteTopicReply, DeleteTopicReply__Output } from "../gen/logwheel/v1/DeleteTopicReply.js";
import type {
  DeleteTopicRequest,
  DeleteTopicRequest__Output,
} from "../gen/logwheel/v1/DeleteTopicRequest.js";
import type {
  DescribeBrokerReply,
  DescribeBrokerReply__Output,
} from "../gen/logwheel/v1/DescribeBrokerReply.js";
import type {
  DescribeBrokerRequest,
  DescribeBrokerRequest__Output,
} from "../gen/logwheel/v1/DescribeBrokerRequest.js";
import type {
  DescribeGroupReply,
  DescribeGroupReply__Output,
} from "../gen/logwheel/v1/DescribeGroupReply.js";
import type {
  DescribeGroupRequest,
  DescribeGroupRequest__Output,
} from "../gen/logwheel/v1/DescribeGroupRequest.js";
import type {
  DescribeTopicReply,
  DescribeTopicReply__Output,
} from "../gen/logwheel/v1/DescribeTopicReply.js";
import type {
  DescribeTopicRequest,
  DescribeTopicRequest__Output,
} from "../gen/logwheel/v1/DescribeTopicRequest.js";
import type { FindMessagesReply, FindMessagesReply__Output } from "../gen/logwheel/v1/FindMessagesReply.js";
import type {
  FindMessagesRequest,
  FindMessagesRequest__Output,
} from "../gen/logwheel/v1/FindMessagesRequest.js";
import type { GetMessageReply, GetMessageReply__Output } from "../gen/logwheel/v1/GetMessageReply.js";
import type { GetMessageRequest, GetMessageRequest__Output } from "../gen/logwheel/v1/GetMessageRequest.js";
import type { GetRoutesRequest, GetRoutesRequest__Output } from "../gen/logwheel/v1/GetRoutesRequest.js";
import type { GroupReply, GroupReply__Output } from "../gen/logwheel/v1/GroupReply.js";
import type { ListBrokersReply, ListBrokersReply__Output } from "../gen/logwheel/v1/ListBrokersReply.js";
import type {
  ListBrokersRequest,
  ListBrokersRequest__Output,
} from "../gen/logwheel/v1/ListBrokersRequest.js";
import type { ListGroupsReply, ListGroupsReply__Output } from "../gen/logwheel/v1/ListGroupsReply.js";
import type { ListGroupsRequest, ListGroupsRequest__Output } from "../gen/logwheel/v1/ListGroupsRequest.js";
import type { ListTopicsReply, ListTopicsReply__Output } from "../gen/logwheel/v1/ListTopicsReply.js";
import type { ListTopicsRequest, ListTopicsRequest__Output } from "../gen/logwheel/v1/ListTopicsRequest.js";
import type { PullRequest, PullRequest__Output } from "../gen/logwheel/v1/PullRequest.js";
import type { RegisterReply, RegisterReply__Output } from "../gen/logwheel/v1/RegisterReply.js";
import type { RegisterRequest, RegisterRequest__Output } from "../gen/logwheel/v1/RegisterRequest.js";
import type { ResetGroupReply, ResetGroupReply__Output } from "../gen/logwheel/v1/ResetGroupReply.js";
import type { ResetGroupRequest, ResetGroupRequest__Output } from "../gen/logwheel/v1/ResetGroupRequest.js";
import type { Routes, Routes__Output } from "../gen/logwheel/v1/Routes.js";
import type { SeekReply, SeekReply__Output } from "../gen/logwheel/v1/SeekReply.js";
import type { SeekRequest, SeekRequest__Output } from "../gen/logwheel/v1/SeekRequest.js";
import type { SendBatchReply, SendBatchReply__Output } from "../gen/logwheel/v1/SendBatchReply.js";
import type { SendBatchRequest } from "../gen/logwheel/v1/SendBatchRequest.js";
import type { SendReply, SendReply__Output } from "../gen/logwheel/v1/SendReply.js";
import type { SendRequest } from "../gen/logwheel/v1/SendRequest.js";
import type { SkipMessageReply, SkipMessageReply__Output } from "../gen/logwheel/v1/SkipMessageReply.js";
import type {
  SkipMessageRequest,
  SkipMessageRequest__Output,
} from "../gen/logwheel/v1/SkipMessageRequest.js";
import type { TopicReply, TopicReply__Output } from "../gen/logwheel/v1/TopicReply.js";
import type {
  UpdateGroupRequest,
  UpdateGroupRequest__Output,
} from "../gen/logwheel/v1/UpdateGroupRequest.js";
import type {
  UpdateTopicRequest,
  UpdateTopicRequest__Output,
} from "../gen/logwheel/v1/UpdateTopicRequest.js";
import type { WatchRequest, WatchRequest__Output } from "../gen/logwheel/v1/WatchRequest.js";
import type { Codec, Method } from "./channel.js";
import {
  type ConsumeEvent,
  decodeConsumeReply,
  decodePullReply,
  type PulledRecords,
} from "./consume-codec.js";
import { LogwheelError } from "./errors.js";
import { REGISTER_FIELDS_MAX, REQUEST_BYTES_MAX } from "./limits.js";
import { protoCodec } from "./proto-codec.js";
import { decodeSend, type SentMessages } from "./send-codec.js";
import { checkFieldCount } from "./wire.js";

const PACKAGE = "logwheel.v1";

/** Names on the wire. */
export const SERVICE_NAME = {
  BROKER: `${PACKAGE}.Broker`,
  ADMIN: `${PACKAGE}.Admin`,
  NAME_SERVER: `${PACKAGE}.NameServer`,
} as const;

/** Bytes as they are: their owner encodes and decodes. */
const raw: Codec<Buffer> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

const consumeReply: Codec<Buffer, ConsumeEvent> = { encode: raw.encode, decode: decodeConsumeReply };
const pullReply: Codec<Buffer, PulledRecords> = { encode: raw.encode, decode: decodePullReply };

function of<In extends object, Out extends object>(message: string): Codec<In, Out> {
  return protoCodec<In, Out>(`${PACKAGE}.${message}`);
}

/** A request that is decoded into objects. They take a hundred times the room of their bytes, at worst. */
function asked<In extends object, Out extends object>(message: string): Codec<In, Out> {
  const { encode, decode } = of<In, Out>(message);
  return {
    encode,
    decode(bytes) {
      if (bytes.length <= REQUEST_BYTES_MAX) return decode(bytes);
      throw new LogwheelError(
        "BAD_REQUEST",
        `a ${message} has ${bytes.length} bytes; ${REQUEST_BYTES_MAX} are allowed: ask for less at once`,
      );
    },
  };
}

/** A broker tells all its topics at once, so that only their number is limited. */
function told<In extends object, Out extends object>(message: string): Codec<In, Out> {
  const { encode, decode } = of<In, Out>(message);
  return {
    encode,
    decode(bytes) {
      checkFieldCount(bytes, REGISTER_FIELDS_MAX);
      return decode(bytes);
    },
  };
}

/** Brokers keep the messages of a send as the bytes they came as. */
function sends<In extends object>(message: string): Codec<In, SentMessages> {
  return { encode: of<In, object>(message).encode, decode: decodeSend };
}

function unary<Q, QOut, R, ROut>(
  path: string,
  request: Codec<Q, QOut>,
  reply: Codec<R, ROut>,
): Method<Q, QOut, R, ROut> & { kind: "unary" } {
  return { path: `/${PACKAGE}.${path}`, kind: "unary", request, reply };
}

function stream<Q, QOut, R, ROut>(
  path: string,
  request: Codec<Q, QOut>,
  reply: Codec<R, ROut>,
): Method<Q, QOut, R, ROut> & { kind: "stream" } {
  return { path: `/${PACKAGE}.${path}`, kind: "stream", request, reply };
}

/**
 * Sending and consuming. `publish` is bytes both ways (publish-codec.ts, publish-reply.ts); servers write `pull` and
 * `consume` replies as bytes (consume-codec.ts).
 */
export const BROKER = {
  send: unary(
    "Broker/Send",
    sends<SendRequest>("SendRequest"),
    of<SendReply, SendReply__Output>("SendReply"),
  ),
  sendBatch: unary(
    "Broker/SendBatch",
    sends<SendBatchRequest>("SendBatchRequest"),
    of<SendBatchReply, SendBatchReply__Output>("SendBatchReply"),
  ),
  publish: stream("Broker/Publish", raw, raw),
  pull: unary("Broker/Pull", asked<PullRequest, PullRequest__Output>("PullRequest"), pullReply),
  seek: unary(
    "Broker/Seek",
    asked<SeekRequest, SeekRequest__Output>("SeekRequest"),
    of<SeekReply, SeekReply__Output>("SeekReply"),
  ),
  consume: stream(
    "Broker/Consume",
    asked<ConsumeRequest, ConsumeRequest__Output>("ConsumeRequest"),
    consumeReply,
  ),
  ack: unary(
    "Broker/Ack",
    asked<AckRequest, AckRequest__Output>("AckRequest"),
    of<AckReply, AckReply__Output>("AckReply"),
  ),
} as const;

const topicReply = of<TopicReply, TopicReply__Output>("TopicReply");
const groupReply = of<GroupReply, GroupReply__Output>("GroupReply");

/** Administration of one broker. */
export const ADMIN = {
  createTopic: unary(
    "Admin/CreateTopic",
    asked<CreateTopicRequest, CreateTopicRequest__Output>("CreateTopicRequest"),
    topicReply,
  ),
  updateTopic: unary(
    "Admin/UpdateTopic",
    asked<UpdateTopicRequest, UpdateTopicRequest__Output>("UpdateTopicRequest"),
    topicReply,
  ),
  deleteTopic: unary(
    "Admin/DeleteTopic",
    asked<DeleteTopicRequest, DeleteTopicRequest__Output>("DeleteTopicRequest"),
    of<DeleteTopicReply, DeleteTopicReply__Output>("DeleteTopicReply"),
  ),
  describeTopic: unary(
    "Admin/DescribeTopic",
    asked<DescribeTopicRequest, DescribeTopicRequest__Output>("DescribeTopicRequest"),
    of<DescribeTopicReply, DescribeTopicReply__Output>("DescribeTopicReply"),
  ),
  createGroup: unary(
    "Admin/CreateGroup",
    asked<CreateGroupRequest, CreateGroupRequest__Output>("CreateGroupRequest"),
    groupReply,
  ),
  updateGroup: unary(
    "Admin/UpdateGroup",
    asked<UpdateGroupRequest, UpdateGroupRequest__Output>("UpdateGroupRequest"),
    groupReply,
  ),
  deleteGroup: unary(
    "Admin/DeleteGroup",
    asked<DeleteGroupRequest, DeleteGroupRequest__Output>("DeleteGroupRequest"),
    of<DeleteGroupReply, DeleteGroupReply__Output>("DeleteGroupReply"),
  ),
  listGroups: unary(
    "Admin/ListGroups",
    asked<ListGroupsRequest, ListGroupsRequest__Output>("ListGroupsRequest"),
    of<ListGroupsReply, ListGroupsReply__Output>("ListGroupsReply"),
  ),
  describeGroup: unary(
    "Admin/DescribeGroup",
    asked<DescribeGroupRequest, DescribeGroupRequest__Output>("DescribeGroupRequest"),
    of<DescribeGroupReply, DescribeGroupReply__Output>("DescribeGroupReply"),
  ),
  resetGroup: unary(
    "Admin/ResetGroup",
    asked<ResetGroupRequest, ResetGroupRequest__Output>("ResetGroupRequest"),
    of<ResetGroupReply, ResetGroupReply__Output>("ResetGroupReply"),
  ),
  skipMessage: unary(
    "Admin/SkipMessage",
    asked<SkipMessageRequest, SkipMessageRequest__Output>("SkipMessageRequest"),
    of<SkipMessageReply, SkipMessageReply__Output>("SkipMessageReply"),
  ),
  getMessage: unary(
    "Admin/GetMessage",
    asked<GetMessageRequest, GetMessageRequest__Output>("GetMessageRequest"),
    of<GetMessageReply, GetMessageReply__Output>("GetMessageReply"),
  ),
  findMessages: unary(
    "Admin/FindMessages",
    asked<FindMessagesRequest, FindMessagesRequest__Output>("FindMessagesRequest"),
    of<FindMessagesReply, FindMessagesReply__Output>("FindMessagesReply"),
  ),
  describeBroker: unary(
    "Admin/DescribeBroker",
    asked<DescribeBrokerRequest, DescribeBrokerRequest__Output>("DescribeBrokerRequest"),
    of<DescribeBrokerReply, DescribeBrokerReply__Output>("DescribeBrokerReply"),
  ),
} as const;

const routes = of<Routes, Routes__Output>("Routes");

/** Where topics live. */
export const NAME_SERVER = {
  register: stream(
    "NameServer/Register",
    told<RegisterRequest, RegisterRequest__Output>("RegisterRequest"),
    of<RegisterReply, RegisterReply__Output>("RegisterReply"),
  ),
  watch: stream("NameServer/Watch", asked<WatchRequest, WatchRequest__Output>("WatchRequest"), routes),
  getRoutes: unary(
    "NameServer/GetRoutes",
    asked<GetRoutesRequest, GetRoutesRequest__Output>("GetRoutesRequest"),
    routes,
  ),
  listBrokers: unary(
    "NameServer/ListBrokers",
    asked<ListBrokersRequest, ListBrokersRequest__Output>("ListBrokersRequest"),
    of<ListBrokersReply, ListBrokersReply__Output>("ListBrokersReply"),
  ),
  listTopics: unary(
    "NameServer/ListTopics",
    asked<ListTopicsRequest, ListTopicsRequest__Output>("ListTopicsRequest"),
    of<ListTopicsReply, ListTopicsReply__Output>("ListTopicsReply"),
  ),
} as const;
