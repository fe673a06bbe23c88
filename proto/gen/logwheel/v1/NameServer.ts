// Original file: proto/logwheel/v1/nameserver.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetRoutesRequest as _logwheel_v1_GetRoutesRequest, GetRoutesRequest__Output as _logwheel_v1_GetRoutesRequest__Output } from '../../logwheel/v1/GetRoutesRequest.js';
import type { ListBrokersReply as _logwheel_v1_ListBrokersReply, ListBrokersReply__Output as _logwheel_v1_ListBrokersReply__Output } from '../../logwheel/v1/ListBrokersReply.js';
import type { ListBrokersRequest as _logwheel_v1_ListBrokersRequest, ListBrokersRequest__Output as _logwheel_v1_ListBrokersRequest__Output } from '../../logwheel/v1/ListBrokersRequest.js';
import type { ListTopicsReply as _logwheel_v1_ListTopicsReply, ListTopicsReply__Output as _logwheel_v1_ListTopicsReply__Output } from '../../logwheel/v1/ListTopicsReply.js';
import type { ListTopicsRequest as _logwheel_v1_ListTopicsRequest, ListTopicsRequest__Output as _logwheel_v1_ListTopicsRequest__Output } from '../../logwheel/v1/ListTopicsRequest.js';
import type { RegisterReply as _logwheel_v1_RegisterReply, RegisterReply__Output as _logwheel_v1_RegisterReply__Output } from '../../logwheel/v1/RegisterReply.js';
import type { RegisterRequest as _logwheel_v1_RegisterRequest, RegisterRequest__Output as _logwheel_v1_RegisterRequest__Output } from '../../logwheel/v1/RegisterRequest.js';
import type { Routes as _logwheel_v1_Routes, Routes__Output as _logwheel_v1_Routes__Output } from '../../logwheel/v1/Routes.js';
import type { WatchRequest as _logwheel_v1_WatchRequest, WatchRequest__Output as _logwheel_v1_WatchRequest__Output } from '../../logwheel/v1/WatchRequest.js';

export interface NameServerClient extends grpc.Client {
  GetRoutes(argument: _logwheel_v1_GetRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  GetRoutes(argument: _logwheel_v1_GetRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  GetRoutes(argument: _logwheel_v1_GetRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  GetRoutes(argument: _logwheel_v1_GetRoutesRequest, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  getRoutes(argument: _logwheel_v1_GetRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  getRoutes(argument: _logwheel_v1_GetRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  getRoutes(argument: _logwheel_v1_GetRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  getRoutes(argument: _logwheel_v1_GetRoutesRequest, callback: grpc.requestCallback<_logwheel_v1_Routes__Output>): grpc.ClientUnaryCall;
  
  ListBrokers(argument: _logwheel_v1_ListBrokersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  ListBrokers(argument: _logwheel_v1_ListBrokersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  ListBrokers(argument: _logwheel_v1_ListBrokersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  ListBrokers(argument: _logwheel_v1_ListBrokersRequest, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  listBrokers(argument: _logwheel_v1_ListBrokersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  listBrokers(argument: _logwheel_v1_ListBrokersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  listBrokers(argument: _logwheel_v1_ListBrokersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  listBrokers(argument: _logwheel_v1_ListBrokersRequest, callback: grpc.requestCallback<_logwheel_v1_ListBrokersReply__Output>): grpc.ClientUnaryCall;
  
  ListTopics(argument: _logwheel_v1_ListTopicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  ListTopics(argument: _logwheel_v1_ListTopicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  ListTopics(argument: _logwheel_v1_ListTopicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  ListTopics(argument: _logwheel_v1_ListTopicsRequest, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  listTopics(argument: _logwheel_v1_ListTopicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  listTopics(argument: _logwheel_v1_ListTopicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  listTopics(argument: _logwheel_v1_ListTopicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  listTopics(argument: _logwheel_v1_ListTopicsRequest, callback: grpc.requestCallback<_logwheel_v1_ListTopicsReply__Output>): grpc.ClientUnaryCall;
  
  Register(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterReply__Output>;
  Register(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterReply__Output>;
  register(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterReply__Output>;
  register(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterReply__Output>;
  
  Watch(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_WatchRequest, _logwheel_v1_Routes__Output>;
  Watch(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_WatchRequest, _logwheel_v1_Routes__Output>;
  watch(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_WatchRequest, _logwheel_v1_Routes__Output>;
  watch(options?: grpc.CallOptions): grpc.ClientDuplexStream<_logwheel_v1_WatchRequest, _logwheel_v1_Routes__Output>;
  
}

export interface NameServerHandlers extends grpc.UntypedServiceImplementation {
  GetRoutes: grpc.handleUnaryCall<_logwheel_v1_GetRoutesRequest__Output, _logwheel_v1_Routes>;
  
  ListBrokers: grpc.handleUnaryCall<_logwheel_v1_ListBrokersRequest__Output, _logwheel_v1_ListBrokersReply>;
  
  ListTopics: grpc.handleUnaryCall<_logwheel_v1_ListTopicsRequest__Output, _logwheel_v1_ListTopicsReply>;
  
  Register: grpc.handleBidiStreamingCall<_logwheel_v1_RegisterRequest__Output, _logwheel_v1_RegisterReply>;
  
  Watch: grpc.handleBidiStreamingCall<_logwheel_v1_WatchRequest__Output, _logwheel_v1_Routes>;
  
}

export interface NameServerDefinition extends grpc.ServiceDefinition {
  GetRoutes: MethodDefinition<_logwheel_v1_GetRoutesRequest, _logwheel_v1_Routes, _logwheel_v1_GetRoutesRequest__Output, _logwheel_v1_Routes__Output>
  ListBrokers: MethodDefinition<_logwheel_v1_ListBrokersRequest, _logwheel_v1_ListBrokersReply, _logwheel_v1_ListBrokersRequest__Output, _logwheel_v1_ListBrokersReply__Output>
  ListTopics: MethodDefinition<_logwheel_v1_ListTopicsRequest, _logwheel_v1_ListTopicsReply, _logwheel_v1_ListTopicsRequest__Output, _logwheel_v1_ListTopicsReply__Output>
  Register: MethodDefinition<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterReply, _logwheel_v1_RegisterRequest__Output, _logwheel_v1_RegisterReply__Output>
  Watch: MethodDefinition<_logwheel_v1_WatchRequest, _logwheel_v1_Routes, _logwheel_v1_WatchRequest__Output, _logwheel_v1_Routes__Output>
}
