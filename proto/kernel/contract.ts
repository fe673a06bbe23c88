import type { AckReply, AckReply__Output } from "../gen/logwheel/v1/AckReply.js";
import type { AckRequest, AckRequest__Output } from "../gen/logwheel/v1/AckRequest.js";
import type {
  ChangeDelayedReply,
  ChangeDelayedReply__Output,
} from "../gen/logwheel/v1/ChangeDelayedReply.js";
import type {
  ChangeDelayedRequest,
  ChangeDelayedRequest__Output,
} from "../gen/logwheel/v1/ChangeDelayedRequest.js";
import type { CheckReply, CheckReply__Output } from "../gen/logwheel/v1/CheckReply.js";
import type { CheckRequest, CheckRequest__Output } from "../gen/logwheel/v1/CheckRequest.js";
import type { ConsumeRequest, ConsumeRequest__Output } from "../gen/logwheel/v1/ConsumeRequest.js";
import type { GetRoutesRequest, GetRoutesRequest__Output } from "../gen/logwheel/v1/GetRoutesRequest.js";
import type { ListBrokersReply, ListBrokersReply__Output } from "../gen/logwheel/v1/ListBrokersReply.js";
import type {
  ListBrokersRequest,
  ListBrokersRequest__Output,
} from "../gen/logwheel/v1/ListBrokersRequest.js";
import type { ListTopicsReply, ListTopicsReply__Output } from "../gen/logwheel/v1/ListTopicsReply.js";
import type { ListTopicsRequest, ListTopicsRequest__Output } from "../gen/logwheel/v1/ListTopicsRequest.js";
import type { PullRequest, PullRequest__Output } from "../gen/logwheel/v1/PullRequest.js";
import type { Receipt__Output } from "../gen/logwheel/v1/Receipt.js";
import type { RegisterReply, RegisterReply__Output } from "../gen/logwheel/v1/RegisterReply.js";
import type { RegisterRequest, RegisterRequest__Output } from "../gen/logwheel/v1/RegisterRequest.js";
import type { Routes, Routes__Output } from "../gen/logwheel/v1/Routes.js";
import type { SeekReply, SeekReply__Output } from "../gen/logwheel/v1/SeekReply.js";
import type { SeekRequest, SeekRequest__Output } from "../gen/logwheel/v1/SeekRequest.js";
import type { SettleReply, SettleReply__Output } from "../gen/logwheel/v1/SettleReply.js";
import type { SettleRequest, SettleRequest__Output } from "../gen/logwheel/v1/SettleRequest.js";
import type { WatchRequest, WatchRequest__Output } from "../gen/logwheel/v1/WatchRequest.js";
import type { Codec } from "./channel.js";
import {
  type ConsumeEvent,
  decodeConsumeReply,
  decodePullReply,
  type PulledRecords,
} from "./consume-codec.js";
import type { MessageInput } from "./message-codec.js";
import { asked, of, PACKAGE, stream, told, unary } from "./method.js";
import { decodeReceipts, encodeReceipts, type ReceiptInput } from "./receipt-codec.js";
import { decodeSend, encodeSend, type SendHead, type SentMessages } from "./send-codec.js";

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

/** Brokers keep the messages of a send as the bytes they came as. */
const send: Codec<SendHead & { readonly message: MessageInput }, SentMessages> = {
  encode: (request) => encodeSend(request, [request.message]),
  decode: decodeSend,
};
const sendReply: Codec<{ readonly receipt: ReceiptInput }, { readonly receipt: Receipt__Output | null }> = {
  encode: ({ receipt }) => encodeReceipts([receipt]),
  decode: (bytes) => ({ receipt: decodeReceipts(bytes).at(-1) ?? null }),
};
const sendBatch: Codec<SendHead & { readonly messages: readonly MessageInput[] }, SentMessages> = {
  encode: (request) => encodeSend(request, request.messages),
  decode: decodeSend,
};
const sendBatchReply: Codec<
  { readonly receipts: readonly ReceiptInput[] },
  { readonly receipts: Receipt__Output[] }
> = {
  encode: ({ receipts }) => encodeReceipts(receipts),
  decode: (bytes) => ({ receipts: decodeReceipts(bytes) }),
};

/**
 * Sending and consuming. `publish` is bytes both ways (publish-codec.ts, publish-reply.ts); servers write `pull` and
 * `consume` replies as bytes (consume-codec.ts).
 */
export const BROKER = {
  send: unary("Broker/Send", send, sendReply),
  sendBatch: unary("Broker/SendBatch", sendBatch, sendBatchReply),
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
  changeDelayed: unary(
    "Broker/ChangeDelayed",
    asked<ChangeDelayedRequest, ChangeDelayedRequest__Output>("ChangeDelayedRequest"),
    of<ChangeDelayedReply, ChangeDelayedReply__Output>("ChangeDelayedReply"),
  ),
  settle: unary(
    "Broker/Settle",
    asked<SettleRequest, SettleRequest__Output>("SettleRequest"),
    of<SettleReply, SettleReply__Output>("SettleReply"),
  ),
  check: stream(
    "Broker/Check",
    asked<CheckRequest, CheckRequest__Output>("CheckRequest"),
    of<CheckReply, CheckReply__Output>("CheckReply"),
  ),
  ack: unary(
    "Broker/Ack",
    asked<AckRequest, AckRequest__Output>("AckRequest"),
    of<AckReply, AckReply__Output>("AckReply"),
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
