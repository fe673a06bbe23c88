import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AdminClient as _logwheel_v1_AdminClient, AdminDefinition as _logwheel_v1_AdminDefinition } from './logwheel/v1/Admin.js';
import type { AskTransactionReply as _logwheel_v1_AskTransactionReply, AskTransactionReply__Output as _logwheel_v1_AskTransactionReply__Output } from './logwheel/v1/AskTransactionReply.js';
import type { AskTransactionRequest as _logwheel_v1_AskTransactionRequest, AskTransactionRequest__Output as _logwheel_v1_AskTransactionRequest__Output } from './logwheel/v1/AskTransactionRequest.js';
import type { ChangeRedriveRequest as _logwheel_v1_ChangeRedriveRequest, ChangeRedriveRequest__Output as _logwheel_v1_ChangeRedriveRequest__Output } from './logwheel/v1/ChangeRedriveRequest.js';
import type { CommandRocketmqClientReply as _logwheel_v1_CommandRocketmqClientReply, CommandRocketmqClientReply__Output as _logwheel_v1_CommandRocketmqClientReply__Output } from './logwheel/v1/CommandRocketmqClientReply.js';
import type { CommandRocketmqClientRequest as _logwheel_v1_CommandRocketmqClientRequest, CommandRocketmqClientRequest__Output as _logwheel_v1_CommandRocketmqClientRequest__Output } from './logwheel/v1/CommandRocketmqClientRequest.js';
import type { CountDelayedReply as _logwheel_v1_CountDelayedReply, CountDelayedReply__Output as _logwheel_v1_CountDelayedReply__Output } from './logwheel/v1/CountDelayedReply.js';
import type { CountDelayedRequest as _logwheel_v1_CountDelayedRequest, CountDelayedRequest__Output as _logwheel_v1_CountDelayedRequest__Output } from './logwheel/v1/CountDelayedRequest.js';
import type { CreateGroupRequest as _logwheel_v1_CreateGroupRequest, CreateGroupRequest__Output as _logwheel_v1_CreateGroupRequest__Output } from './logwheel/v1/CreateGroupRequest.js';
import type { CreateTopicRequest as _logwheel_v1_CreateTopicRequest, CreateTopicRequest__Output as _logwheel_v1_CreateTopicRequest__Output } from './logwheel/v1/CreateTopicRequest.js';
import type { DeadLetter as _logwheel_v1_DeadLetter, DeadLetter__Output as _logwheel_v1_DeadLetter__Output } from './logwheel/v1/DeadLetter.js';
import type { DeadLetterFilter as _logwheel_v1_DeadLetterFilter, DeadLetterFilter__Output as _logwheel_v1_DeadLetterFilter__Output } from './logwheel/v1/DeadLetterFilter.js';
import type { DelayedMessage as _logwheel_v1_DelayedMessage, DelayedMessage__Output as _logwheel_v1_DelayedMessage__Output } from './logwheel/v1/DelayedMessage.js';
import type { DeleteGroupReply as _logwheel_v1_DeleteGroupReply, DeleteGroupReply__Output as _logwheel_v1_DeleteGroupReply__Output } from './logwheel/v1/DeleteGroupReply.js';
import type { DeleteGroupRequest as _logwheel_v1_DeleteGroupRequest, DeleteGroupRequest__Output as _logwheel_v1_DeleteGroupRequest__Output } from './logwheel/v1/DeleteGroupRequest.js';
import type { DeleteTopicReply as _logwheel_v1_DeleteTopicReply, DeleteTopicReply__Output as _logwheel_v1_DeleteTopicReply__Output } from './logwheel/v1/DeleteTopicReply.js';
import type { DeleteTopicRequest as _logwheel_v1_DeleteTopicRequest, DeleteTopicRequest__Output as _logwheel_v1_DeleteTopicRequest__Output } from './logwheel/v1/DeleteTopicRequest.js';
import type { DescribeBrokerReply as _logwheel_v1_DescribeBrokerReply, DescribeBrokerReply__Output as _logwheel_v1_DescribeBrokerReply__Output } from './logwheel/v1/DescribeBrokerReply.js';
import type { DescribeBrokerRequest as _logwheel_v1_DescribeBrokerRequest, DescribeBrokerRequest__Output as _logwheel_v1_DescribeBrokerRequest__Output } from './logwheel/v1/DescribeBrokerRequest.js';
import type { DescribeGroupReply as _logwheel_v1_DescribeGroupReply, DescribeGroupReply__Output as _logwheel_v1_DescribeGroupReply__Output } from './logwheel/v1/DescribeGroupReply.js';
import type { DescribeGroupRequest as _logwheel_v1_DescribeGroupRequest, DescribeGroupRequest__Output as _logwheel_v1_DescribeGroupRequest__Output } from './logwheel/v1/DescribeGroupRequest.js';
import type { DescribeTopicReply as _logwheel_v1_DescribeTopicReply, DescribeTopicReply__Output as _logwheel_v1_DescribeTopicReply__Output } from './logwheel/v1/DescribeTopicReply.js';
import type { DescribeTopicRequest as _logwheel_v1_DescribeTopicRequest, DescribeTopicRequest__Output as _logwheel_v1_DescribeTopicRequest__Output } from './logwheel/v1/DescribeTopicRequest.js';
import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from './logwheel/v1/Failure.js';
import type { FindMessagesReply as _logwheel_v1_FindMessagesReply, FindMessagesReply__Output as _logwheel_v1_FindMessagesReply__Output } from './logwheel/v1/FindMessagesReply.js';
import type { FindMessagesRequest as _logwheel_v1_FindMessagesRequest, FindMessagesRequest__Output as _logwheel_v1_FindMessagesRequest__Output } from './logwheel/v1/FindMessagesRequest.js';
import type { GetMessageReply as _logwheel_v1_GetMessageReply, GetMessageReply__Output as _logwheel_v1_GetMessageReply__Output } from './logwheel/v1/GetMessageReply.js';
import type { GetMessageRequest as _logwheel_v1_GetMessageRequest, GetMessageRequest__Output as _logwheel_v1_GetMessageRequest__Output } from './logwheel/v1/GetMessageRequest.js';
import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from './logwheel/v1/Group.js';
import type { GroupReply as _logwheel_v1_GroupReply, GroupReply__Output as _logwheel_v1_GroupReply__Output } from './logwheel/v1/GroupReply.js';
import type { GroupSummary as _logwheel_v1_GroupSummary, GroupSummary__Output as _logwheel_v1_GroupSummary__Output } from './logwheel/v1/GroupSummary.js';
import type { ListDelayedReply as _logwheel_v1_ListDelayedReply, ListDelayedReply__Output as _logwheel_v1_ListDelayedReply__Output } from './logwheel/v1/ListDelayedReply.js';
import type { ListDelayedRequest as _logwheel_v1_ListDelayedRequest, ListDelayedRequest__Output as _logwheel_v1_ListDelayedRequest__Output } from './logwheel/v1/ListDelayedRequest.js';
import type { ListGroupsReply as _logwheel_v1_ListGroupsReply, ListGroupsReply__Output as _logwheel_v1_ListGroupsReply__Output } from './logwheel/v1/ListGroupsReply.js';
import type { ListGroupsRequest as _logwheel_v1_ListGroupsRequest, ListGroupsRequest__Output as _logwheel_v1_ListGroupsRequest__Output } from './logwheel/v1/ListGroupsRequest.js';
import type { ListRedrivesReply as _logwheel_v1_ListRedrivesReply, ListRedrivesReply__Output as _logwheel_v1_ListRedrivesReply__Output } from './logwheel/v1/ListRedrivesReply.js';
import type { ListRedrivesRequest as _logwheel_v1_ListRedrivesRequest, ListRedrivesRequest__Output as _logwheel_v1_ListRedrivesRequest__Output } from './logwheel/v1/ListRedrivesRequest.js';
import type { ListRocketmqClientsReply as _logwheel_v1_ListRocketmqClientsReply, ListRocketmqClientsReply__Output as _logwheel_v1_ListRocketmqClientsReply__Output } from './logwheel/v1/ListRocketmqClientsReply.js';
import type { ListRocketmqClientsRequest as _logwheel_v1_ListRocketmqClientsRequest, ListRocketmqClientsRequest__Output as _logwheel_v1_ListRocketmqClientsRequest__Output } from './logwheel/v1/ListRocketmqClientsRequest.js';
import type { ListTransactionsReply as _logwheel_v1_ListTransactionsReply, ListTransactionsReply__Output as _logwheel_v1_ListTransactionsReply__Output } from './logwheel/v1/ListTransactionsReply.js';
import type { ListTransactionsRequest as _logwheel_v1_ListTransactionsRequest, ListTransactionsRequest__Output as _logwheel_v1_ListTransactionsRequest__Output } from './logwheel/v1/ListTransactionsRequest.js';
import type { Member as _logwheel_v1_Member, Member__Output as _logwheel_v1_Member__Output } from './logwheel/v1/Member.js';
import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from './logwheel/v1/Message.js';
import type { NameServerStatus as _logwheel_v1_NameServerStatus, NameServerStatus__Output as _logwheel_v1_NameServerStatus__Output } from './logwheel/v1/NameServerStatus.js';
import type { OpenTransaction as _logwheel_v1_OpenTransaction, OpenTransaction__Output as _logwheel_v1_OpenTransaction__Output } from './logwheel/v1/OpenTransaction.js';
import type { QueueProgress as _logwheel_v1_QueueProgress, QueueProgress__Output as _logwheel_v1_QueueProgress__Output } from './logwheel/v1/QueueProgress.js';
import type { QueueStatus as _logwheel_v1_QueueStatus, QueueStatus__Output as _logwheel_v1_QueueStatus__Output } from './logwheel/v1/QueueStatus.js';
import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from './logwheel/v1/Range.js';
import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from './logwheel/v1/Record.js';
import type { Redrive as _logwheel_v1_Redrive, Redrive__Output as _logwheel_v1_Redrive__Output } from './logwheel/v1/Redrive.js';
import type { RedriveReply as _logwheel_v1_RedriveReply, RedriveReply__Output as _logwheel_v1_RedriveReply__Output } from './logwheel/v1/RedriveReply.js';
import type { ResetGroupReply as _logwheel_v1_ResetGroupReply, ResetGroupReply__Output as _logwheel_v1_ResetGroupReply__Output } from './logwheel/v1/ResetGroupReply.js';
import type { ResetGroupRequest as _logwheel_v1_ResetGroupRequest, ResetGroupRequest__Output as _logwheel_v1_ResetGroupRequest__Output } from './logwheel/v1/ResetGroupRequest.js';
import type { ResetQueue as _logwheel_v1_ResetQueue, ResetQueue__Output as _logwheel_v1_ResetQueue__Output } from './logwheel/v1/ResetQueue.js';
import type { RocketMq as _logwheel_v1_RocketMq, RocketMq__Output as _logwheel_v1_RocketMq__Output } from './logwheel/v1/RocketMq.js';
import type { RocketmqClient as _logwheel_v1_RocketmqClient, RocketmqClient__Output as _logwheel_v1_RocketmqClient__Output } from './logwheel/v1/RocketmqClient.js';
import type { SettleTransactionReply as _logwheel_v1_SettleTransactionReply, SettleTransactionReply__Output as _logwheel_v1_SettleTransactionReply__Output } from './logwheel/v1/SettleTransactionReply.js';
import type { SettleTransactionRequest as _logwheel_v1_SettleTransactionRequest, SettleTransactionRequest__Output as _logwheel_v1_SettleTransactionRequest__Output } from './logwheel/v1/SettleTransactionRequest.js';
import type { SkipMessageReply as _logwheel_v1_SkipMessageReply, SkipMessageReply__Output as _logwheel_v1_SkipMessageReply__Output } from './logwheel/v1/SkipMessageReply.js';
import type { SkipMessageRequest as _logwheel_v1_SkipMessageRequest, SkipMessageRequest__Output as _logwheel_v1_SkipMessageRequest__Output } from './logwheel/v1/SkipMessageRequest.js';
import type { StartRedriveRequest as _logwheel_v1_StartRedriveRequest, StartRedriveRequest__Output as _logwheel_v1_StartRedriveRequest__Output } from './logwheel/v1/StartRedriveRequest.js';
import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from './logwheel/v1/Topic.js';
import type { TopicReply as _logwheel_v1_TopicReply, TopicReply__Output as _logwheel_v1_TopicReply__Output } from './logwheel/v1/TopicReply.js';
import type { UpdateGroupRequest as _logwheel_v1_UpdateGroupRequest, UpdateGroupRequest__Output as _logwheel_v1_UpdateGroupRequest__Output } from './logwheel/v1/UpdateGroupRequest.js';
import type { UpdateTopicRequest as _logwheel_v1_UpdateTopicRequest, UpdateTopicRequest__Output as _logwheel_v1_UpdateTopicRequest__Output } from './logwheel/v1/UpdateTopicRequest.js';
import type { VerifyRocketmqMessage as _logwheel_v1_VerifyRocketmqMessage, VerifyRocketmqMessage__Output as _logwheel_v1_VerifyRocketmqMessage__Output } from './logwheel/v1/VerifyRocketmqMessage.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  logwheel: {
    v1: {
      Admin: SubtypeConstructor<typeof grpc.Client, _logwheel_v1_AdminClient> & { service: _logwheel_v1_AdminDefinition }
      AskTransactionReply: MessageTypeDefinition<_logwheel_v1_AskTransactionReply, _logwheel_v1_AskTransactionReply__Output>
      AskTransactionRequest: MessageTypeDefinition<_logwheel_v1_AskTransactionRequest, _logwheel_v1_AskTransactionRequest__Output>
      Assign: EnumTypeDefinition
      ChangeRedriveRequest: MessageTypeDefinition<_logwheel_v1_ChangeRedriveRequest, _logwheel_v1_ChangeRedriveRequest__Output>
      CommandRocketmqClientReply: MessageTypeDefinition<_logwheel_v1_CommandRocketmqClientReply, _logwheel_v1_CommandRocketmqClientReply__Output>
      CommandRocketmqClientRequest: MessageTypeDefinition<_logwheel_v1_CommandRocketmqClientRequest, _logwheel_v1_CommandRocketmqClientRequest__Output>
      CountDelayedReply: MessageTypeDefinition<_logwheel_v1_CountDelayedReply, _logwheel_v1_CountDelayedReply__Output>
      CountDelayedRequest: MessageTypeDefinition<_logwheel_v1_CountDelayedRequest, _logwheel_v1_CountDelayedRequest__Output>
      CreateGroupRequest: MessageTypeDefinition<_logwheel_v1_CreateGroupRequest, _logwheel_v1_CreateGroupRequest__Output>
      CreateTopicRequest: MessageTypeDefinition<_logwheel_v1_CreateTopicRequest, _logwheel_v1_CreateTopicRequest__Output>
      DeadLetter: MessageTypeDefinition<_logwheel_v1_DeadLetter, _logwheel_v1_DeadLetter__Output>
      DeadLetterFilter: MessageTypeDefinition<_logwheel_v1_DeadLetterFilter, _logwheel_v1_DeadLetterFilter__Output>
      DeadReason: EnumTypeDefinition
      DelayedMessage: MessageTypeDefinition<_logwheel_v1_DelayedMessage, _logwheel_v1_DelayedMessage__Output>
      DeleteGroupReply: MessageTypeDefinition<_logwheel_v1_DeleteGroupReply, _logwheel_v1_DeleteGroupReply__Output>
      DeleteGroupRequest: MessageTypeDefinition<_logwheel_v1_DeleteGroupRequest, _logwheel_v1_DeleteGroupRequest__Output>
      DeleteTopicReply: MessageTypeDefinition<_logwheel_v1_DeleteTopicReply, _logwheel_v1_DeleteTopicReply__Output>
      DeleteTopicRequest: MessageTypeDefinition<_logwheel_v1_DeleteTopicRequest, _logwheel_v1_DeleteTopicRequest__Output>
      DescribeBrokerReply: MessageTypeDefinition<_logwheel_v1_DescribeBrokerReply, _logwheel_v1_DescribeBrokerReply__Output>
      DescribeBrokerRequest: MessageTypeDefinition<_logwheel_v1_DescribeBrokerRequest, _logwheel_v1_DescribeBrokerRequest__Output>
      DescribeGroupReply: MessageTypeDefinition<_logwheel_v1_DescribeGroupReply, _logwheel_v1_DescribeGroupReply__Output>
      DescribeGroupRequest: MessageTypeDefinition<_logwheel_v1_DescribeGroupRequest, _logwheel_v1_DescribeGroupRequest__Output>
      DescribeTopicReply: MessageTypeDefinition<_logwheel_v1_DescribeTopicReply, _logwheel_v1_DescribeTopicReply__Output>
      DescribeTopicRequest: MessageTypeDefinition<_logwheel_v1_DescribeTopicRequest, _logwheel_v1_DescribeTopicRequest__Output>
      Encoding: EnumTypeDefinition
      Expired: EnumTypeDefinition
      Failure: MessageTypeDefinition<_logwheel_v1_Failure, _logwheel_v1_Failure__Output>
      FindMessagesReply: MessageTypeDefinition<_logwheel_v1_FindMessagesReply, _logwheel_v1_FindMessagesReply__Output>
      FindMessagesRequest: MessageTypeDefinition<_logwheel_v1_FindMessagesRequest, _logwheel_v1_FindMessagesRequest__Output>
      GetMessageReply: MessageTypeDefinition<_logwheel_v1_GetMessageReply, _logwheel_v1_GetMessageReply__Output>
      GetMessageRequest: MessageTypeDefinition<_logwheel_v1_GetMessageRequest, _logwheel_v1_GetMessageRequest__Output>
      Group: MessageTypeDefinition<_logwheel_v1_Group, _logwheel_v1_Group__Output>
      GroupReply: MessageTypeDefinition<_logwheel_v1_GroupReply, _logwheel_v1_GroupReply__Output>
      GroupSummary: MessageTypeDefinition<_logwheel_v1_GroupSummary, _logwheel_v1_GroupSummary__Output>
      ListDelayedReply: MessageTypeDefinition<_logwheel_v1_ListDelayedReply, _logwheel_v1_ListDelayedReply__Output>
      ListDelayedRequest: MessageTypeDefinition<_logwheel_v1_ListDelayedRequest, _logwheel_v1_ListDelayedRequest__Output>
      ListGroupsReply: MessageTypeDefinition<_logwheel_v1_ListGroupsReply, _logwheel_v1_ListGroupsReply__Output>
      ListGroupsRequest: MessageTypeDefinition<_logwheel_v1_ListGroupsRequest, _logwheel_v1_ListGroupsRequest__Output>
      ListRedrivesReply: MessageTypeDefinition<_logwheel_v1_ListRedrivesReply, _logwheel_v1_ListRedrivesReply__Output>
      ListRedrivesRequest: MessageTypeDefinition<_logwheel_v1_ListRedrivesRequest, _logwheel_v1_ListRedrivesRequest__Output>
      ListRocketmqClientsReply: MessageTypeDefinition<_logwheel_v1_ListRocketmqClientsReply, _logwheel_v1_ListRocketmqClientsReply__Output>
      ListRocketmqClientsRequest: MessageTypeDefinition<_logwheel_v1_ListRocketmqClientsRequest, _logwheel_v1_ListRocketmqClientsRequest__Output>
      ListTransactionsReply: MessageTypeDefinition<_logwheel_v1_ListTransactionsReply, _logwheel_v1_ListTransactionsReply__Output>
      ListTransactionsRequest: MessageTypeDefinition<_logwheel_v1_ListTransactionsRequest, _logwheel_v1_ListTransactionsRequest__Output>
      Member: MessageTypeDefinition<_logwheel_v1_Member, _logwheel_v1_Member__Output>
      Message: MessageTypeDefinition<_logwheel_v1_Message, _logwheel_v1_Message__Output>
      Mode: EnumTypeDefinition
      NameServerStatus: MessageTypeDefinition<_logwheel_v1_NameServerStatus, _logwheel_v1_NameServerStatus__Output>
      OpenTransaction: MessageTypeDefinition<_logwheel_v1_OpenTransaction, _logwheel_v1_OpenTransaction__Output>
      Permission: EnumTypeDefinition
      QueueProgress: MessageTypeDefinition<_logwheel_v1_QueueProgress, _logwheel_v1_QueueProgress__Output>
      QueueStatus: MessageTypeDefinition<_logwheel_v1_QueueStatus, _logwheel_v1_QueueStatus__Output>
      Range: MessageTypeDefinition<_logwheel_v1_Range, _logwheel_v1_Range__Output>
      Record: MessageTypeDefinition<_logwheel_v1_Record, _logwheel_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      Redrive: MessageTypeDefinition<_logwheel_v1_Redrive, _logwheel_v1_Redrive__Output>
      RedriveReply: MessageTypeDefinition<_logwheel_v1_RedriveReply, _logwheel_v1_RedriveReply__Output>
      RedriveState: EnumTypeDefinition
      ResetGroupReply: MessageTypeDefinition<_logwheel_v1_ResetGroupReply, _logwheel_v1_ResetGroupReply__Output>
      ResetGroupRequest: MessageTypeDefinition<_logwheel_v1_ResetGroupRequest, _logwheel_v1_ResetGroupRequest__Output>
      ResetQueue: MessageTypeDefinition<_logwheel_v1_ResetQueue, _logwheel_v1_ResetQueue__Output>
      RocketMq: MessageTypeDefinition<_logwheel_v1_RocketMq, _logwheel_v1_RocketMq__Output>
      RocketmqClient: MessageTypeDefinition<_logwheel_v1_RocketmqClient, _logwheel_v1_RocketmqClient__Output>
      Sent: EnumTypeDefinition
      SettleTransactionReply: MessageTypeDefinition<_logwheel_v1_SettleTransactionReply, _logwheel_v1_SettleTransactionReply__Output>
      SettleTransactionRequest: MessageTypeDefinition<_logwheel_v1_SettleTransactionRequest, _logwheel_v1_SettleTransactionRequest__Output>
      SkipMessageReply: MessageTypeDefinition<_logwheel_v1_SkipMessageReply, _logwheel_v1_SkipMessageReply__Output>
      SkipMessageRequest: MessageTypeDefinition<_logwheel_v1_SkipMessageRequest, _logwheel_v1_SkipMessageRequest__Output>
      StartRedriveRequest: MessageTypeDefinition<_logwheel_v1_StartRedriveRequest, _logwheel_v1_StartRedriveRequest__Output>
      Topic: MessageTypeDefinition<_logwheel_v1_Topic, _logwheel_v1_Topic__Output>
      TopicReply: MessageTypeDefinition<_logwheel_v1_TopicReply, _logwheel_v1_TopicReply__Output>
      TopicType: EnumTypeDefinition
      UpdateGroupRequest: MessageTypeDefinition<_logwheel_v1_UpdateGroupRequest, _logwheel_v1_UpdateGroupRequest__Output>
      UpdateTopicRequest: MessageTypeDefinition<_logwheel_v1_UpdateTopicRequest, _logwheel_v1_UpdateTopicRequest__Output>
      VerifyRocketmqMessage: MessageTypeDefinition<_logwheel_v1_VerifyRocketmqMessage, _logwheel_v1_VerifyRocketmqMessage__Output>
    }
  }
}

