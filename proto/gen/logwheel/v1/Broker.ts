// Original file: proto/logwheel/v1/broker.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AckReply as _logwheel_v1_AckReply, AckReply__Output as _logwheel_v1_AckReply__Output } from '../../logwheel/v1/AckReply.js';
import type { AckRequest as _logwheel_v1_AckRequest, AckRequest__Output as _logwheel_v1_AckRequest__Output } from '../../logwheel/v1/AckRequest.js';
import type { ChangeDelayedReply as _logwheel_v1_ChangeDelayedReply, ChangeDelayedReply__Output as _logwheel_v1_ChangeDelayedReply__Output } from '../../logwheel/v1/ChangeDelayedReply.js';
import type { ChangeDelayedRequest as _logwheel_v1_ChangeDelayedRequest, ChangeDelayedRequest__Output as _logwheel_v1_ChangeDelayedRequest__Output } from '../../logwheel/v1/ChangeDelayedRequest.js';
import type { CheckReply as _logwheel_v1_CheckReply, CheckReply__Output as _logwheel_v1_CheckReply__Output } from '../../logwheel/v1/CheckReply.js';
import type { CheckRequest as _logwheel_v1_CheckRequest, CheckRequest__Output as _logwheel_v1_CheckRequest__Output } from '../../logwheel/v1/CheckRequest.js';
import type { ConsumeReply as _logwheel_v1_ConsumeReply, ConsumeReply__Output as _logwheel_v1_ConsumeReply__Output } from '../../logwheel/v1/ConsumeReply.js';
import type { ConsumeRequest as _logwheel_v1_ConsumeRequest, ConsumeRequest__Output as _logwheel_v1_ConsumeRequest__Output } from '../../logwheel/v1/ConsumeRequest.js';
import type { PublishReply as _logwheel_v1_PublishReply, PublishReply__Output as _logwheel_v1_PublishReply__Output } from '../../logwheel/v1/PublishReply.js';
import type { PublishRequest as _logwheel_v1_PublishRequest, PublishRequest__Output as _logwheel_v1_PublishRequest__Output } from '../../logwheel/v1/PublishRequest.js';
import type { PullReply as _logwheel_v1_PullReply, PullReply__Output as _logwheel_v1_PullReply__Output } from '../../logwheel/v1/PullReply.js';
import type { PullRequest as _logwheel_v1_PullRequest, PullRequest__Output as _logwheel_v1_PullRequest__Output } from '../../logwheel/v1/PullRequest.js';
import type { SeekReply as _logwheel_v1_SeekReply, SeekReply__Output as _logwheel_v1_SeekReply__Output } from '../../logwheel/v1/SeekReply.js';
import type { SeekRequest as _logwheel_v1_SeekRequest, SeekRequest__Output as _logwheel_v1_SeekRequest__Output } from '../../logwheel/v1/SeekRequest.js';
import type { SendBatchReply as _logwheel_v1_SendBatchReply, SendBatchReply__Output as _logwheel_v1_SendBatchReply__Output } from '../../logwheel/v1/SendBatchReply.js';
import type { SendBatchRequest as _logwheel_v1_SendBatchRequest, SendBatchRequest__Output as _logwheel_v1_SendBatchRequest__Output } from '../../logwheel/v1/SendBatchRequest.js';
import type { SendReply as _logwheel_v1_SendReply, SendReply__Output as _logwheel_v1_SendReply__Output } from '../../logwheel/v1/SendReply.js';
import type { SendRequest as _logwheel_v1_SendRequest, SendRequest__Output as _logwheel_v1_SendRequest__Output } from '../../logwheel/v1/SendRequest.js';
import type { SettleReply as _logwheel_v1_SettleReply, SettleReply__Output as _logwheel_v1_SettleReply__Output } from '../../logwheel/v1/SettleReply.js';
import type { SettleRequest as _logwheel_v1_SettleRequest, SettleRequest__Output as _logwheel_v1_SettleRequest__Output } from '../../logwheel/v1/SettleRequest.js';

export interface BrokerClient extends grpc.Client {
  Ack(argument: _logwheel_v1_AckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  Ack(argument: _logwheel_v1_AckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  Ack(argument: _logwheel_v1_AckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  Ack(argument: _logwheel_v1_AckRequest, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  ack(argument: _logwheel_v1_AckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  ack(argument: _logwheel_v1_AckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  ack(argument: _logwheel_v1_AckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  ack(argument: _logwheel_v1_AckRequest, callback: grpc.requestCallback<_logwheel_v1_AckReply__Output>): grpc.ClientUnaryCall;
  
  ChangeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  ChangeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  ChangeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  ChangeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  changeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  changeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  changeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  changeDelayed(argument: _logwheel_v1_ChangeDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_ChangeDelayedReply__Output>): grpc.ClientUnaryCall;
  
  Check(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_CheckRequest, _logwheel_v1_CheckReply__Output>;
  Check(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_CheckRequest, _logwheel_v1_CheckReply__Output>;
  check(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_CheckRequest, _logwheel_v1_CheckReply__Output>;
  check(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_CheckRequest, _logwheel_v1_CheckReply__Output>;
  
  Consume(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeReply__Output>;
  Consume(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeReply__Output>;
  consume(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeReply__Output>;
  consume(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeReply__Output>;
  
  Publish(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_PublishRequest, _logwheel_v1_PublishReply__Output>;
  Publish(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_PublishRequest, _logwheel_v1_PublishReply__Output>;
  publish(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_PublishRequest, _logwheel_v1_PublishReply__Output>;
  publish(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_PublishRequest, _logwheel_v1_PublishReply__Output>;
  
  Pull(argument: _logwheel_v1_PullRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  Pull(argument: _logwheel_v1_PullRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  Pull(argument: _logwheel_v1_PullRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  Pull(argument: _logwheel_v1_PullRequest, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pull(argument: _logwheel_v1_PullRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pull(argument: _logwheel_v1_PullRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pull(argument: _logwheel_v1_PullRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pull(argument: _logwheel_v1_PullRequest, callback: grpc.requestCallback<_logwheel_v1_PullReply__Output>): grpc.ClientUnaryCall;
  
  Seek(argument: _logwheel_v1_SeekRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  Seek(argument: _logwheel_v1_SeekRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  Seek(argument: _logwheel_v1_SeekRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  Seek(argument: _logwheel_v1_SeekRequest, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  seek(argument: _logwheel_v1_SeekRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  seek(argument: _logwheel_v1_SeekRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  seek(argument: _logwheel_v1_SeekRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  seek(argument: _logwheel_v1_SeekRequest, callback: grpc.requestCallback<_logwheel_v1_SeekReply__Output>): grpc.ClientUnaryCall;
  
  Send(argument: _logwheel_v1_SendRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  Send(argument: _logwheel_v1_SendRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  Send(argument: _logwheel_v1_SendRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  Send(argument: _logwheel_v1_SendRequest, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  send(argument: _logwheel_v1_SendRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  send(argument: _logwheel_v1_SendRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  send(argument: _logwheel_v1_SendRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  send(argument: _logwheel_v1_SendRequest, callback: grpc.requestCallback<_logwheel_v1_SendReply__Output>): grpc.ClientUnaryCall;
  
  SendBatch(argument: _logwheel_v1_SendBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  SendBatch(argument: _logwheel_v1_SendBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  SendBatch(argument: _logwheel_v1_SendBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  SendBatch(argument: _logwheel_v1_SendBatchRequest, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  sendBatch(argument: _logwheel_v1_SendBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  sendBatch(argument: _logwheel_v1_SendBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  sendBatch(argument: _logwheel_v1_SendBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  sendBatch(argument: _logwheel_v1_SendBatchRequest, callback: grpc.requestCallback<_logwheel_v1_SendBatchReply__Output>): grpc.ClientUnaryCall;
  
  Settle(argument: _logwheel_v1_SettleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  Settle(argument: _logwheel_v1_SettleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  Settle(argument: _logwheel_v1_SettleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  Settle(argument: _logwheel_v1_SettleRequest, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  settle(argument: _logwheel_v1_SettleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  settle(argument: _logwheel_v1_SettleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  settle(argument: _logwheel_v1_SettleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  settle(argument: _logwheel_v1_SettleRequest, callback: grpc.requestCallback<_logwheel_v1_SettleReply__Output>): grpc.ClientUnaryCall;
  
}

export interface BrokerHandlers extends grpc.UntypedServiceImplementation {
  Ack: grpc.handleUnaryCall<_logwheel_v1_AckRequest__Output, _logwheel_v1_AckReply>;
  
  ChangeDelayed: grpc.handleUnaryCall<_logwheel_v1_ChangeDelayedRequest__Output, _logwheel_v1_ChangeDelayedReply>;
  
  Check: grpc.handleBidiStreamingCall<_logwheel_v1_CheckRequest__Output, _logwheel_v1_CheckReply>;
  
  Consume: grpc.handleBidiStreamingCall<_logwheel_v1_ConsumeRequest__Output, _logwheel_v1_ConsumeReply>;
  
  Publish: grpc.handleBidiStreamingCall<_logwheel_v1_PublishRequest__Output, _logwheel_v1_PublishReply>;
  
  Pull: grpc.handleUnaryCall<_logwheel_v1_PullRequest__Output, _logwheel_v1_PullReply>;
  
  Seek: grpc.handleUnaryCall<_logwheel_v1_SeekRequest__Output, _logwheel_v1_SeekReply>;
  
  Send: grpc.handleUnaryCall<_logwheel_v1_SendRequest__Output, _logwheel_v1_SendReply>;
  
  SendBatch: grpc.handleUnaryCall<_logwheel_v1_SendBatchRequest__Output, _logwheel_v1_SendBatchReply>;
  
  Settle: grpc.handleUnaryCall<_logwheel_v1_SettleRequest__Output, _logwheel_v1_SettleReply>;
  
}

export interface BrokerDefinition extends grpc.ServiceDefinition {
  Ack: MethodDefinition<_logwheel_v1_AckRequest, _logwheel_v1_AckReply, _logwheel_v1_AckRequest__Output, _logwheel_v1_AckReply__Output>
  ChangeDelayed: MethodDefinition<_logwheel_v1_ChangeDelayedRequest, _logwheel_v1_ChangeDelayedReply, _logwheel_v1_ChangeDelayedRequest__Output, _logwheel_v1_ChangeDelayedReply__Output>
  Check: MethodDefinition<_logwheel_v1_CheckRequest, _logwheel_v1_CheckReply, _logwheel_v1_CheckRequest__Output, _logwheel_v1_CheckReply__Output>
  Consume: MethodDefinition<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeReply, _logwheel_v1_ConsumeRequest__Output, _logwheel_v1_ConsumeReply__Output>
  Publish: MethodDefinition<_logwheel_v1_PublishRequest, _logwheel_v1_PublishReply, _logwheel_v1_PublishRequest__Output, _logwheel_v1_PublishReply__Output>
  Pull: MethodDefinition<_logwheel_v1_PullRequest, _logwheel_v1_PullReply, _logwheel_v1_PullRequest__Output, _logwheel_v1_PullReply__Output>
  Seek: MethodDefinition<_logwheel_v1_SeekRequest, _logwheel_v1_SeekReply, _logwheel_v1_SeekRequest__Output, _logwheel_v1_SeekReply__Output>
  Send: MethodDefinition<_logwheel_v1_SendRequest, _logwheel_v1_SendReply, _logwheel_v1_SendRequest__Output, _logwheel_v1_SendReply__Output>
  SendBatch: MethodDefinition<_logwheel_v1_SendBatchRequest, _logwheel_v1_SendBatchReply, _logwheel_v1_SendBatchRequest__Output, _logwheel_v1_SendBatchReply__Output>
  Settle: MethodDefinition<_logwheel_v1_SettleRequest, _logwheel_v1_SettleReply, _logwheel_v1_SettleRequest__Output, _logwheel_v1_SettleReply__Output>
}
