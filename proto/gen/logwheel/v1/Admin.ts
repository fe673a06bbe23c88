// Original file: proto/logwheel/v1/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AskTransactionReply as _logwheel_v1_AskTransactionReply, AskTransactionReply__Output as _logwheel_v1_AskTransactionReply__Output } from '../../logwheel/v1/AskTransactionReply.js';
import type { AskTransactionRequest as _logwheel_v1_AskTransactionRequest, AskTransactionRequest__Output as _logwheel_v1_AskTransactionRequest__Output } from '../../logwheel/v1/AskTransactionRequest.js';
import type { ChangeRedriveRequest as _logwheel_v1_ChangeRedriveRequest, ChangeRedriveRequest__Output as _logwheel_v1_ChangeRedriveRequest__Output } from '../../logwheel/v1/ChangeRedriveRequest.js';
import type { CommandRocketmqClientReply as _logwheel_v1_CommandRocketmqClientReply, CommandRocketmqClientReply__Output as _logwheel_v1_CommandRocketmqClientReply__Output } from '../../logwheel/v1/CommandRocketmqClientReply.js';
import type { CommandRocketmqClientRequest as _logwheel_v1_CommandRocketmqClientRequest, CommandRocketmqClientRequest__Output as _logwheel_v1_CommandRocketmqClientRequest__Output } from '../../logwheel/v1/CommandRocketmqClientRequest.js';
import type { CountDelayedReply as _logwheel_v1_CountDelayedReply, CountDelayedReply__Output as _logwheel_v1_CountDelayedReply__Output } from '../../logwheel/v1/CountDelayedReply.js';
import type { CountDelayedRequest as _logwheel_v1_CountDelayedRequest, CountDelayedRequest__Output as _logwheel_v1_CountDelayedRequest__Output } from '../../logwheel/v1/CountDelayedRequest.js';
import type { CreateGroupRequest as _logwheel_v1_CreateGroupRequest, CreateGroupRequest__Output as _logwheel_v1_CreateGroupRequest__Output } from '../../logwheel/v1/CreateGroupRequest.js';
import type { CreateTopicRequest as _logwheel_v1_CreateTopicRequest, CreateTopicRequest__Output as _logwheel_v1_CreateTopicRequest__Output } from '../../logwheel/v1/CreateTopicRequest.js';
import type { DeleteGroupReply as _logwheel_v1_DeleteGroupReply, DeleteGroupReply__Output as _logwheel_v1_DeleteGroupReply__Output } from '../../logwheel/v1/DeleteGroupReply.js';
import type { DeleteGroupRequest as _logwheel_v1_DeleteGroupRequest, DeleteGroupRequest__Output as _logwheel_v1_DeleteGroupRequest__Output } from '../../logwheel/v1/DeleteGroupRequest.js';
import type { DeleteTopicReply as _logwheel_v1_DeleteTopicReply, DeleteTopicReply__Output as _logwheel_v1_DeleteTopicReply__Output } from '../../logwheel/v1/DeleteTopicReply.js';
import type { DeleteTopicRequest as _logwheel_v1_DeleteTopicRequest, DeleteTopicRequest__Output as _logwheel_v1_DeleteTopicRequest__Output } from '../../logwheel/v1/DeleteTopicRequest.js';
import type { DescribeBrokerReply as _logwheel_v1_DescribeBrokerReply, DescribeBrokerReply__Output as _logwheel_v1_DescribeBrokerReply__Output } from '../../logwheel/v1/DescribeBrokerReply.js';
import type { DescribeBrokerRequest as _logwheel_v1_DescribeBrokerRequest, DescribeBrokerRequest__Output as _logwheel_v1_DescribeBrokerRequest__Output } from '../../logwheel/v1/DescribeBrokerRequest.js';
import type { DescribeGroupReply as _logwheel_v1_DescribeGroupReply, DescribeGroupReply__Output as _logwheel_v1_DescribeGroupReply__Output } from '../../logwheel/v1/DescribeGroupReply.js';
import type { DescribeGroupRequest as _logwheel_v1_DescribeGroupRequest, DescribeGroupRequest__Output as _logwheel_v1_DescribeGroupRequest__Output } from '../../logwheel/v1/DescribeGroupRequest.js';
import type { DescribeTopicReply as _logwheel_v1_DescribeTopicReply, DescribeTopicReply__Output as _logwheel_v1_DescribeTopicReply__Output } from '../../logwheel/v1/DescribeTopicReply.js';
import type { DescribeTopicRequest as _logwheel_v1_DescribeTopicRequest, DescribeTopicRequest__Output as _logwheel_v1_DescribeTopicRequest__Output } from '../../logwheel/v1/DescribeTopicRequest.js';
import type { FindMessagesReply as _logwheel_v1_FindMessagesReply, FindMessagesReply__Output as _logwheel_v1_FindMessagesReply__Output } from '../../logwheel/v1/FindMessagesReply.js';
import type { FindMessagesRequest as _logwheel_v1_FindMessagesRequest, FindMessagesRequest__Output as _logwheel_v1_FindMessagesRequest__Output } from '../../logwheel/v1/FindMessagesRequest.js';
import type { GetMessageReply as _logwheel_v1_GetMessageReply, GetMessageReply__Output as _logwheel_v1_GetMessageReply__Output } from '../../logwheel/v1/GetMessageReply.js';
import type { GetMessageRequest as _logwheel_v1_GetMessageRequest, GetMessageRequest__Output as _logwheel_v1_GetMessageRequest__Output } from '../../logwheel/v1/GetMessageRequest.js';
import type { GroupReply as _logwheel_v1_GroupReply, GroupReply__Output as _logwheel_v1_GroupReply__Output } from '../../logwheel/v1/GroupReply.js';
import type { ListDelayedReply as _logwheel_v1_ListDelayedReply, ListDelayedReply__Output as _logwheel_v1_ListDelayedReply__Output } from '../../logwheel/v1/ListDelayedReply.js';
import type { ListDelayedRequest as _logwheel_v1_ListDelayedRequest, ListDelayedRequest__Output as _logwheel_v1_ListDelayedRequest__Output } from '../../logwheel/v1/ListDelayedRequest.js';
import type { ListGroupsReply as _logwheel_v1_ListGroupsReply, ListGroupsReply__Output as _logwheel_v1_ListGroupsReply__Output } from '../../logwheel/v1/ListGroupsReply.js';
import type { ListGroupsRequest as _logwheel_v1_ListGroupsRequest, ListGroupsRequest__Output as _logwheel_v1_ListGroupsRequest__Output } from '../../logwheel/v1/ListGroupsRequest.js';
import type { ListRedrivesReply as _logwheel_v1_ListRedrivesReply, ListRedrivesReply__Output as _logwheel_v1_ListRedrivesReply__Output } from '../../logwheel/v1/ListRedrivesReply.js';
import type { ListRedrivesRequest as _logwheel_v1_ListRedrivesRequest, ListRedrivesRequest__Output as _logwheel_v1_ListRedrivesRequest__Output } from '../../logwheel/v1/ListRedrivesRequest.js';
import type { ListRocketmqClientsReply as _logwheel_v1_ListRocketmqClientsReply, ListRocketmqClientsReply__Output as _logwheel_v1_ListRocketmqClientsReply__Output } from '../../logwheel/v1/ListRocketmqClientsReply.js';
import type { ListRocketmqClientsRequest as _logwheel_v1_ListRocketmqClientsRequest, ListRocketmqClientsRequest__Output as _logwheel_v1_ListRocketmqClientsRequest__Output } from '../../logwheel/v1/ListRocketmqClientsRequest.js';
import type { ListTransactionsReply as _logwheel_v1_ListTransactionsReply, ListTransactionsReply__Output as _logwheel_v1_ListTransactionsReply__Output } from '../../logwheel/v1/ListTransactionsReply.js';
import type { ListTransactionsRequest as _logwheel_v1_ListTransactionsRequest, ListTransactionsRequest__Output as _logwheel_v1_ListTransactionsRequest__Output } from '../../logwheel/v1/ListTransactionsRequest.js';
import type { RedriveReply as _logwheel_v1_RedriveReply, RedriveReply__Output as _logwheel_v1_RedriveReply__Output } from '../../logwheel/v1/RedriveReply.js';
import type { ResetGroupReply as _logwheel_v1_ResetGroupReply, ResetGroupReply__Output as _logwheel_v1_ResetGroupReply__Output } from '../../logwheel/v1/ResetGroupReply.js';
import type { ResetGroupRequest as _logwheel_v1_ResetGroupRequest, ResetGroupRequest__Output as _logwheel_v1_ResetGroupRequest__Output } from '../../logwheel/v1/ResetGroupRequest.js';
import type { SettleTransactionReply as _logwheel_v1_SettleTransactionReply, SettleTransactionReply__Output as _logwheel_v1_SettleTransactionReply__Output } from '../../logwheel/v1/SettleTransactionReply.js';
import type { SettleTransactionRequest as _logwheel_v1_SettleTransactionRequest, SettleTransactionRequest__Output as _logwheel_v1_SettleTransactionRequest__Output } from '../../logwheel/v1/SettleTransactionRequest.js';
import type { SkipMessageReply as _logwheel_v1_SkipMessageReply, SkipMessageReply__Output as _logwheel_v1_SkipMessageReply__Output } from '../../logwheel/v1/SkipMessageReply.js';
import type { SkipMessageRequest as _logwheel_v1_SkipMessageRequest, SkipMessageRequest__Output as _logwheel_v1_SkipMessageRequest__Output } from '../../logwheel/v1/SkipMessageRequest.js';
import type { StartRedriveRequest as _logwheel_v1_StartRedriveRequest, StartRedriveRequest__Output as _logwheel_v1_StartRedriveRequest__Output } from '../../logwheel/v1/StartRedriveRequest.js';
import type { TopicReply as _logwheel_v1_TopicReply, TopicReply__Output as _logwheel_v1_TopicReply__Output } from '../../logwheel/v1/TopicReply.js';
import type { UpdateGroupRequest as _logwheel_v1_UpdateGroupRequest, UpdateGroupRequest__Output as _logwheel_v1_UpdateGroupRequest__Output } from '../../logwheel/v1/UpdateGroupRequest.js';
import type { UpdateTopicRequest as _logwheel_v1_UpdateTopicRequest, UpdateTopicRequest__Output as _logwheel_v1_UpdateTopicRequest__Output } from '../../logwheel/v1/UpdateTopicRequest.js';

export interface AdminClient extends grpc.Client {
  AskTransaction(argument: _logwheel_v1_AskTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  AskTransaction(argument: _logwheel_v1_AskTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  AskTransaction(argument: _logwheel_v1_AskTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  AskTransaction(argument: _logwheel_v1_AskTransactionRequest, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  askTransaction(argument: _logwheel_v1_AskTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  askTransaction(argument: _logwheel_v1_AskTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  askTransaction(argument: _logwheel_v1_AskTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  askTransaction(argument: _logwheel_v1_AskTransactionRequest, callback: grpc.requestCallback<_logwheel_v1_AskTransactionReply__Output>): grpc.ClientUnaryCall;
  
  ChangeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  ChangeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  ChangeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  ChangeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  changeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  changeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  changeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  changeRedrive(argument: _logwheel_v1_ChangeRedriveRequest, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  
  CommandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  CommandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  CommandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  CommandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  commandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  commandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  commandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  commandRocketmqClient(argument: _logwheel_v1_CommandRocketmqClientRequest, callback: grpc.requestCallback<_logwheel_v1_CommandRocketmqClientReply__Output>): grpc.ClientUnaryCall;
  
  CountDelayed(argument: _logwheel_v1_CountDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  CountDelayed(argument: _logwheel_v1_CountDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  CountDelayed(argument: _logwheel_v1_CountDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  CountDelayed(argument: _logwheel_v1_CountDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  countDelayed(argument: _logwheel_v1_CountDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  countDelayed(argument: _logwheel_v1_CountDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  countDelayed(argument: _logwheel_v1_CountDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  countDelayed(argument: _logwheel_v1_CountDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_CountDelayedReply__Output>): grpc.ClientUnaryCall;
  
  CreateGroup(argument: _logwheel_v1_CreateGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  CreateGroup(argument: _logwheel_v1_CreateGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  CreateGroup(argument: _logwheel_v1_CreateGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  CreateGroup(argument: _logwheel_v1_CreateGroupRequest, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  createGroup(argument: _logwheel_v1_CreateGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  createGroup(argument: _logwheel_v1_CreateGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  createGroup(argument: _logwheel_v1_CreateGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  createGroup(argument: _logwheel_v1_CreateGroupRequest, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  
  CreateTopic(argument: _logwheel_v1_CreateTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  CreateTopic(argument: _logwheel_v1_CreateTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  CreateTopic(argument: _logwheel_v1_CreateTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  CreateTopic(argument: _logwheel_v1_CreateTopicRequest, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  createTopic(argument: _logwheel_v1_CreateTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  createTopic(argument: _logwheel_v1_CreateTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  createTopic(argument: _logwheel_v1_CreateTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  createTopic(argument: _logwheel_v1_CreateTopicRequest, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  
  DeleteGroup(argument: _logwheel_v1_DeleteGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  DeleteGroup(argument: _logwheel_v1_DeleteGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  DeleteGroup(argument: _logwheel_v1_DeleteGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  DeleteGroup(argument: _logwheel_v1_DeleteGroupRequest, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  deleteGroup(argument: _logwheel_v1_DeleteGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  deleteGroup(argument: _logwheel_v1_DeleteGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  deleteGroup(argument: _logwheel_v1_DeleteGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  deleteGroup(argument: _logwheel_v1_DeleteGroupRequest, callback: grpc.requestCallback<_logwheel_v1_DeleteGroupReply__Output>): grpc.ClientUnaryCall;
  
  DeleteTopic(argument: _logwheel_v1_DeleteTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  DeleteTopic(argument: _logwheel_v1_DeleteTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  DeleteTopic(argument: _logwheel_v1_DeleteTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  DeleteTopic(argument: _logwheel_v1_DeleteTopicRequest, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  deleteTopic(argument: _logwheel_v1_DeleteTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  deleteTopic(argument: _logwheel_v1_DeleteTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  deleteTopic(argument: _logwheel_v1_DeleteTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  deleteTopic(argument: _logwheel_v1_DeleteTopicRequest, callback: grpc.requestCallback<_logwheel_v1_DeleteTopicReply__Output>): grpc.ClientUnaryCall;
  
  DescribeBroker(argument: _logwheel_v1_DescribeBrokerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  DescribeBroker(argument: _logwheel_v1_DescribeBrokerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  DescribeBroker(argument: _logwheel_v1_DescribeBrokerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  DescribeBroker(argument: _logwheel_v1_DescribeBrokerRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  describeBroker(argument: _logwheel_v1_DescribeBrokerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  describeBroker(argument: _logwheel_v1_DescribeBrokerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  describeBroker(argument: _logwheel_v1_DescribeBrokerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  describeBroker(argument: _logwheel_v1_DescribeBrokerRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeBrokerReply__Output>): grpc.ClientUnaryCall;
  
  DescribeGroup(argument: _logwheel_v1_DescribeGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  DescribeGroup(argument: _logwheel_v1_DescribeGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  DescribeGroup(argument: _logwheel_v1_DescribeGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  DescribeGroup(argument: _logwheel_v1_DescribeGroupRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  describeGroup(argument: _logwheel_v1_DescribeGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  describeGroup(argument: _logwheel_v1_DescribeGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  describeGroup(argument: _logwheel_v1_DescribeGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  describeGroup(argument: _logwheel_v1_DescribeGroupRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeGroupReply__Output>): grpc.ClientUnaryCall;
  
  DescribeTopic(argument: _logwheel_v1_DescribeTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  DescribeTopic(argument: _logwheel_v1_DescribeTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  DescribeTopic(argument: _logwheel_v1_DescribeTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  DescribeTopic(argument: _logwheel_v1_DescribeTopicRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  describeTopic(argument: _logwheel_v1_DescribeTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  describeTopic(argument: _logwheel_v1_DescribeTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  describeTopic(argument: _logwheel_v1_DescribeTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  describeTopic(argument: _logwheel_v1_DescribeTopicRequest, callback: grpc.requestCallback<_logwheel_v1_DescribeTopicReply__Output>): grpc.ClientUnaryCall;
  
  FindMessages(argument: _logwheel_v1_FindMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  FindMessages(argument: _logwheel_v1_FindMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  FindMessages(argument: _logwheel_v1_FindMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  FindMessages(argument: _logwheel_v1_FindMessagesRequest, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  findMessages(argument: _logwheel_v1_FindMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  findMessages(argument: _logwheel_v1_FindMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  findMessages(argument: _logwheel_v1_FindMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  findMessages(argument: _logwheel_v1_FindMessagesRequest, callback: grpc.requestCallback<_logwheel_v1_FindMessagesReply__Output>): grpc.ClientUnaryCall;
  
  GetMessage(argument: _logwheel_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _logwheel_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _logwheel_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _logwheel_v1_GetMessageRequest, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _logwheel_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _logwheel_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _logwheel_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _logwheel_v1_GetMessageRequest, callback: grpc.requestCallback<_logwheel_v1_GetMessageReply__Output>): grpc.ClientUnaryCall;
  
  ListDelayed(argument: _logwheel_v1_ListDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  ListDelayed(argument: _logwheel_v1_ListDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  ListDelayed(argument: _logwheel_v1_ListDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  ListDelayed(argument: _logwheel_v1_ListDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  listDelayed(argument: _logwheel_v1_ListDelayedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  listDelayed(argument: _logwheel_v1_ListDelayedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  listDelayed(argument: _logwheel_v1_ListDelayedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  listDelayed(argument: _logwheel_v1_ListDelayedRequest, callback: grpc.requestCallback<_logwheel_v1_ListDelayedReply__Output>): grpc.ClientUnaryCall;
  
  ListGroups(argument: _logwheel_v1_ListGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  ListGroups(argument: _logwheel_v1_ListGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  ListGroups(argument: _logwheel_v1_ListGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  ListGroups(argument: _logwheel_v1_ListGroupsRequest, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  listGroups(argument: _logwheel_v1_ListGroupsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  listGroups(argument: _logwheel_v1_ListGroupsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  listGroups(argument: _logwheel_v1_ListGroupsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  listGroups(argument: _logwheel_v1_ListGroupsRequest, callback: grpc.requestCallback<_logwheel_v1_ListGroupsReply__Output>): grpc.ClientUnaryCall;
  
  ListRedrives(argument: _logwheel_v1_ListRedrivesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  ListRedrives(argument: _logwheel_v1_ListRedrivesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  ListRedrives(argument: _logwheel_v1_ListRedrivesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  ListRedrives(argument: _logwheel_v1_ListRedrivesRequest, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  listRedrives(argument: _logwheel_v1_ListRedrivesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  listRedrives(argument: _logwheel_v1_ListRedrivesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  listRedrives(argument: _logwheel_v1_ListRedrivesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  listRedrives(argument: _logwheel_v1_ListRedrivesRequest, callback: grpc.requestCallback<_logwheel_v1_ListRedrivesReply__Output>): grpc.ClientUnaryCall;
  
  ListRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  ListRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  ListRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  ListRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  listRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  listRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  listRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  listRocketmqClients(argument: _logwheel_v1_ListRocketmqClientsRequest, callback: grpc.requestCallback<_logwheel_v1_ListRocketmqClientsReply__Output>): grpc.ClientUnaryCall;
  
  ListTransactions(argument: _logwheel_v1_ListTransactionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _logwheel_v1_ListTransactionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _logwheel_v1_ListTransactionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _logwheel_v1_ListTransactionsRequest, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _logwheel_v1_ListTransactionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _logwheel_v1_ListTransactionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _logwheel_v1_ListTransactionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _logwheel_v1_ListTransactionsRequest, callback: grpc.requestCallback<_logwheel_v1_ListTransactionsReply__Output>): grpc.ClientUnaryCall;
  
  ResetGroup(argument: _logwheel_v1_ResetGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  ResetGroup(argument: _logwheel_v1_ResetGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  ResetGroup(argument: _logwheel_v1_ResetGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  ResetGroup(argument: _logwheel_v1_ResetGroupRequest, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  resetGroup(argument: _logwheel_v1_ResetGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  resetGroup(argument: _logwheel_v1_ResetGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  resetGroup(argument: _logwheel_v1_ResetGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  resetGroup(argument: _logwheel_v1_ResetGroupRequest, callback: grpc.requestCallback<_logwheel_v1_ResetGroupReply__Output>): grpc.ClientUnaryCall;
  
  SettleTransaction(argument: _logwheel_v1_SettleTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  SettleTransaction(argument: _logwheel_v1_SettleTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  SettleTransaction(argument: _logwheel_v1_SettleTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  SettleTransaction(argument: _logwheel_v1_SettleTransactionRequest, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  settleTransaction(argument: _logwheel_v1_SettleTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  settleTransaction(argument: _logwheel_v1_SettleTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  settleTransaction(argument: _logwheel_v1_SettleTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  settleTransaction(argument: _logwheel_v1_SettleTransactionRequest, callback: grpc.requestCallback<_logwheel_v1_SettleTransactionReply__Output>): grpc.ClientUnaryCall;
  
  SkipMessage(argument: _logwheel_v1_SkipMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  SkipMessage(argument: _logwheel_v1_SkipMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  SkipMessage(argument: _logwheel_v1_SkipMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  SkipMessage(argument: _logwheel_v1_SkipMessageRequest, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  skipMessage(argument: _logwheel_v1_SkipMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  skipMessage(argument: _logwheel_v1_SkipMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  skipMessage(argument: _logwheel_v1_SkipMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  skipMessage(argument: _logwheel_v1_SkipMessageRequest, callback: grpc.requestCallback<_logwheel_v1_SkipMessageReply__Output>): grpc.ClientUnaryCall;
  
  StartRedrive(argument: _logwheel_v1_StartRedriveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  StartRedrive(argument: _logwheel_v1_StartRedriveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  StartRedrive(argument: _logwheel_v1_StartRedriveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  StartRedrive(argument: _logwheel_v1_StartRedriveRequest, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  startRedrive(argument: _logwheel_v1_StartRedriveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  startRedrive(argument: _logwheel_v1_StartRedriveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  startRedrive(argument: _logwheel_v1_StartRedriveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  startRedrive(argument: _logwheel_v1_StartRedriveRequest, callback: grpc.requestCallback<_logwheel_v1_RedriveReply__Output>): grpc.ClientUnaryCall;
  
  UpdateGroup(argument: _logwheel_v1_UpdateGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  UpdateGroup(argument: _logwheel_v1_UpdateGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  UpdateGroup(argument: _logwheel_v1_UpdateGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  UpdateGroup(argument: _logwheel_v1_UpdateGroupRequest, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  updateGroup(argument: _logwheel_v1_UpdateGroupRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  updateGroup(argument: _logwheel_v1_UpdateGroupRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  updateGroup(argument: _logwheel_v1_UpdateGroupRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  updateGroup(argument: _logwheel_v1_UpdateGroupRequest, callback: grpc.requestCallback<_logwheel_v1_GroupReply__Output>): grpc.ClientUnaryCall;
  
  UpdateTopic(argument: _logwheel_v1_UpdateTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  UpdateTopic(argument: _logwheel_v1_UpdateTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  UpdateTopic(argument: _logwheel_v1_UpdateTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  UpdateTopic(argument: _logwheel_v1_UpdateTopicRequest, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  updateTopic(argument: _logwheel_v1_UpdateTopicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  updateTopic(argument: _logwheel_v1_UpdateTopicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  updateTopic(argument: _logwheel_v1_UpdateTopicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  updateTopic(argument: _logwheel_v1_UpdateTopicRequest, callback: grpc.requestCallback<_logwheel_v1_TopicReply__Output>): grpc.ClientUnaryCall;
  
}

export interface AdminHandlers extends grpc.UntypedServiceImplementation {
  AskTransaction: grpc.handleUnaryCall<_logwheel_v1_AskTransactionRequest__Output, _logwheel_v1_AskTransactionReply>;
  
  ChangeRedrive: grpc.handleUnaryCall<_logwheel_v1_ChangeRedriveRequest__Output, _logwheel_v1_RedriveReply>;
  
  CommandRocketmqClient: grpc.handleUnaryCall<_logwheel_v1_CommandRocketmqClientRequest__Output, _logwheel_v1_CommandRocketmqClientReply>;
  
  CountDelayed: grpc.handleUnaryCall<_logwheel_v1_CountDelayedRequest__Output, _logwheel_v1_CountDelayedReply>;
  
  CreateGroup: grpc.handleUnaryCall<_logwheel_v1_CreateGroupRequest__Output, _logwheel_v1_GroupReply>;
  
  CreateTopic: grpc.handleUnaryCall<_logwheel_v1_CreateTopicRequest__Output, _logwheel_v1_TopicReply>;
  
  DeleteGroup: grpc.handleUnaryCall<_logwheel_v1_DeleteGroupRequest__Output, _logwheel_v1_DeleteGroupReply>;
  
  DeleteTopic: grpc.handleUnaryCall<_logwheel_v1_DeleteTopicRequest__Output, _logwheel_v1_DeleteTopicReply>;
  
  DescribeBroker: grpc.handleUnaryCall<_logwheel_v1_DescribeBrokerRequest__Output, _logwheel_v1_DescribeBrokerReply>;
  
  DescribeGroup: grpc.handleUnaryCall<_logwheel_v1_DescribeGroupRequest__Output, _logwheel_v1_DescribeGroupReply>;
  
  DescribeTopic: grpc.handleUnaryCall<_logwheel_v1_DescribeTopicRequest__Output, _logwheel_v1_DescribeTopicReply>;
  
  FindMessages: grpc.handleUnaryCall<_logwheel_v1_FindMessagesRequest__Output, _logwheel_v1_FindMessagesReply>;
  
  GetMessage: grpc.handleUnaryCall<_logwheel_v1_GetMessageRequest__Output, _logwheel_v1_GetMessageReply>;
  
  ListDelayed: grpc.handleUnaryCall<_logwheel_v1_ListDelayedRequest__Output, _logwheel_v1_ListDelayedReply>;
  
  ListGroups: grpc.handleUnaryCall<_logwheel_v1_ListGroupsRequest__Output, _logwheel_v1_ListGroupsReply>;
  
  ListRedrives: grpc.handleUnaryCall<_logwheel_v1_ListRedrivesRequest__Output, _logwheel_v1_ListRedrivesReply>;
  
  ListRocketmqClients: grpc.handleUnaryCall<_logwheel_v1_ListRocketmqClientsRequest__Output, _logwheel_v1_ListRocketmqClientsReply>;
  
  ListTransactions: grpc.handleUnaryCall<_logwheel_v1_ListTransactionsRequest__Output, _logwheel_v1_ListTransactionsReply>;
  
  ResetGroup: grpc.handleUnaryCall<_logwheel_v1_ResetGroupRequest__Output, _logwheel_v1_ResetGroupReply>;
  
  SettleTransaction: grpc.handleUnaryCall<_logwheel_v1_SettleTransactionRequest__Output, _logwheel_v1_SettleTransactionReply>;
  
  SkipMessage: grpc.handleUnaryCall<_logwheel_v1_SkipMessageRequest__Output, _logwheel_v1_SkipMessageReply>;
  
  StartRedrive: grpc.handleUnaryCall<_logwheel_v1_StartRedriveRequest__Output, _logwheel_v1_RedriveReply>;
  
  UpdateGroup: grpc.handleUnaryCall<_logwheel_v1_UpdateGroupRequest__Output, _logwheel_v1_GroupReply>;
  
  UpdateTopic: grpc.handleUnaryCall<_logwheel_v1_UpdateTopicRequest__Output, _logwheel_v1_TopicReply>;
  
}

export interface AdminDefinition extends grpc.ServiceDefinition {
  AskTransaction: MethodDefinition<_logwheel_v1_AskTransactionRequest, _logwheel_v1_AskTransactionReply, _logwheel_v1_AskTransactionRequest__Output, _logwheel_v1_AskTransactionReply__Output>
  ChangeRedrive: MethodDefinition<_logwheel_v1_ChangeRedriveRequest, _logwheel_v1_RedriveReply, _logwheel_v1_ChangeRedriveRequest__Output, _logwheel_v1_RedriveReply__Output>
  CommandRocketmqClient: MethodDefinition<_logwheel_v1_CommandRocketmqClientRequest, _logwheel_v1_CommandRocketmqClientReply, _logwheel_v1_CommandRocketmqClientRequest__Output, _logwheel_v1_CommandRocketmqClientReply__Output>
  CountDelayed: MethodDefinition<_logwheel_v1_CountDelayedRequest, _logwheel_v1_CountDelayedReply, _logwheel_v1_CountDelayedRequest__Output, _logwheel_v1_CountDelayedReply__Output>
  CreateGroup: MethodDefinition<_logwheel_v1_CreateGroupRequest, _logwheel_v1_GroupReply, _logwheel_v1_CreateGroupRequest__Output, _logwheel_v1_GroupReply__Output>
  CreateTopic: MethodDefinition<_logwheel_v1_CreateTopicRequest, _logwheel_v1_TopicReply, _logwheel_v1_CreateTopicRequest__Output, _logwheel_v1_TopicReply__Output>
  DeleteGroup: MethodDefinition<_logwheel_v1_DeleteGroupRequest, _logwheel_v1_DeleteGroupReply, _logwheel_v1_DeleteGroupRequest__Output, _logwheel_v1_DeleteGroupReply__Output>
  DeleteTopic: MethodDefinition<_logwheel_v1_DeleteTopicRequest, _logwheel_v1_DeleteTopicReply, _logwheel_v1_DeleteTopicRequest__Output, _logwheel_v1_DeleteTopicReply__Output>
  DescribeBroker: MethodDefinition<_logwheel_v1_DescribeBrokerRequest, _logwheel_v1_DescribeBrokerReply, _logwheel_v1_DescribeBrokerRequest__Output, _logwheel_v1_DescribeBrokerReply__Output>
  DescribeGroup: MethodDefinition<_logwheel_v1_DescribeGroupRequest, _logwheel_v1_DescribeGroupReply, _logwheel_v1_DescribeGroupRequest__Output, _logwheel_v1_DescribeGroupReply__Output>
  DescribeTopic: MethodDefinition<_logwheel_v1_DescribeTopicRequest, _logwheel_v1_DescribeTopicReply, _logwheel_v1_DescribeTopicRequest__Output, _logwheel_v1_DescribeTopicReply__Output>
  FindMessages: MethodDefinition<_logwheel_v1_FindMessagesRequest, _logwheel_v1_FindMessagesReply, _logwheel_v1_FindMessagesRequest__Output, _logwheel_v1_FindMessagesReply__Output>
  GetMessage: MethodDefinition<_logwheel_v1_GetMessageRequest, _logwheel_v1_GetMessageReply, _logwheel_v1_GetMessageRequest__Output, _logwheel_v1_GetMessageReply__Output>
  ListDelayed: MethodDefinition<_logwheel_v1_ListDelayedRequest, _logwheel_v1_ListDelayedReply, _logwheel_v1_ListDelayedRequest__Output, _logwheel_v1_ListDelayedReply__Output>
  ListGroups: MethodDefinition<_logwheel_v1_ListGroupsRequest, _logwheel_v1_ListGroupsReply, _logwheel_v1_ListGroupsRequest__Output, _logwheel_v1_ListGroupsReply__Output>
  ListRedrives: MethodDefinition<_logwheel_v1_ListRedrivesRequest, _logwheel_v1_ListRedrivesReply, _logwheel_v1_ListRedrivesRequest__Output, _logwheel_v1_ListRedrivesReply__Output>
  ListRocketmqClients: MethodDefinition<_logwheel_v1_ListRocketmqClientsRequest, _logwheel_v1_ListRocketmqClientsReply, _logwheel_v1_ListRocketmqClientsRequest__Output, _logwheel_v1_ListRocketmqClientsReply__Output>
  ListTransactions: MethodDefinition<_logwheel_v1_ListTransactionsRequest, _logwheel_v1_ListTransactionsReply, _logwheel_v1_ListTransactionsRequest__Output, _logwheel_v1_ListTransactionsReply__Output>
  ResetGroup: MethodDefinition<_logwheel_v1_ResetGroupRequest, _logwheel_v1_ResetGroupReply, _logwheel_v1_ResetGroupRequest__Output, _logwheel_v1_ResetGroupReply__Output>
  SettleTransaction: MethodDefinition<_logwheel_v1_SettleTransactionRequest, _logwheel_v1_SettleTransactionReply, _logwheel_v1_SettleTransactionRequest__Output, _logwheel_v1_SettleTransactionReply__Output>
  SkipMessage: MethodDefinition<_logwheel_v1_SkipMessageRequest, _logwheel_v1_SkipMessageReply, _logwheel_v1_SkipMessageRequest__Output, _logwheel_v1_SkipMessageReply__Output>
  StartRedrive: MethodDefinition<_logwheel_v1_StartRedriveRequest, _logwheel_v1_RedriveReply, _logwheel_v1_StartRedriveRequest__Output, _logwheel_v1_RedriveReply__Output>
  UpdateGroup: MethodDefinition<_logwheel_v1_UpdateGroupRequest, _logwheel_v1_GroupReply, _logwheel_v1_UpdateGroupRequest__Output, _logwheel_v1_GroupReply__Output>
  UpdateTopic: MethodDefinition<_logwheel_v1_UpdateTopicRequest, _logwheel_v1_TopicReply, _logwheel_v1_UpdateTopicRequest__Output, _logwheel_v1_TopicReply__Output>
}
