import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BrokerInfo as _logwheel_v1_BrokerInfo, BrokerInfo__Output as _logwheel_v1_BrokerInfo__Output } from './logwheel/v1/BrokerInfo.js';
import type { BrokerStatus as _logwheel_v1_BrokerStatus, BrokerStatus__Output as _logwheel_v1_BrokerStatus__Output } from './logwheel/v1/BrokerStatus.js';
import type { DeadLetter as _logwheel_v1_DeadLetter, DeadLetter__Output as _logwheel_v1_DeadLetter__Output } from './logwheel/v1/DeadLetter.js';
import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from './logwheel/v1/Failure.js';
import type { GetRoutesRequest as _logwheel_v1_GetRoutesRequest, GetRoutesRequest__Output as _logwheel_v1_GetRoutesRequest__Output } from './logwheel/v1/GetRoutesRequest.js';
import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from './logwheel/v1/Group.js';
import type { ListBrokersReply as _logwheel_v1_ListBrokersReply, ListBrokersReply__Output as _logwheel_v1_ListBrokersReply__Output } from './logwheel/v1/ListBrokersReply.js';
import type { ListBrokersRequest as _logwheel_v1_ListBrokersRequest, ListBrokersRequest__Output as _logwheel_v1_ListBrokersRequest__Output } from './logwheel/v1/ListBrokersRequest.js';
import type { ListTopicsReply as _logwheel_v1_ListTopicsReply, ListTopicsReply__Output as _logwheel_v1_ListTopicsReply__Output } from './logwheel/v1/ListTopicsReply.js';
import type { ListTopicsRequest as _logwheel_v1_ListTopicsRequest, ListTopicsRequest__Output as _logwheel_v1_ListTopicsRequest__Output } from './logwheel/v1/ListTopicsRequest.js';
import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from './logwheel/v1/Message.js';
import type { NameServerClient as _logwheel_v1_NameServerClient, NameServerDefinition as _logwheel_v1_NameServerDefinition } from './logwheel/v1/NameServer.js';
import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from './logwheel/v1/Range.js';
import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from './logwheel/v1/Record.js';
import type { RegisterReply as _logwheel_v1_RegisterReply, RegisterReply__Output as _logwheel_v1_RegisterReply__Output } from './logwheel/v1/RegisterReply.js';
import type { RegisterRequest as _logwheel_v1_RegisterRequest, RegisterRequest__Output as _logwheel_v1_RegisterRequest__Output } from './logwheel/v1/RegisterRequest.js';
import type { RocketMq as _logwheel_v1_RocketMq, RocketMq__Output as _logwheel_v1_RocketMq__Output } from './logwheel/v1/RocketMq.js';
import type { Route as _logwheel_v1_Route, Route__Output as _logwheel_v1_Route__Output } from './logwheel/v1/Route.js';
import type { Routes as _logwheel_v1_Routes, Routes__Output as _logwheel_v1_Routes__Output } from './logwheel/v1/Routes.js';
import type { Share as _logwheel_v1_Share, Share__Output as _logwheel_v1_Share__Output } from './logwheel/v1/Share.js';
import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from './logwheel/v1/Topic.js';
import type { WatchRequest as _logwheel_v1_WatchRequest, WatchRequest__Output as _logwheel_v1_WatchRequest__Output } from './logwheel/v1/WatchRequest.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  logwheel: {
    v1: {
      Assign: EnumTypeDefinition
      BrokerInfo: MessageTypeDefinition<_logwheel_v1_BrokerInfo, _logwheel_v1_BrokerInfo__Output>
      BrokerStatus: MessageTypeDefinition<_logwheel_v1_BrokerStatus, _logwheel_v1_BrokerStatus__Output>
      DeadLetter: MessageTypeDefinition<_logwheel_v1_DeadLetter, _logwheel_v1_DeadLetter__Output>
      DeadReason: EnumTypeDefinition
      Encoding: EnumTypeDefinition
      Expired: EnumTypeDefinition
      Failure: MessageTypeDefinition<_logwheel_v1_Failure, _logwheel_v1_Failure__Output>
      GetRoutesRequest: MessageTypeDefinition<_logwheel_v1_GetRoutesRequest, _logwheel_v1_GetRoutesRequest__Output>
      Group: MessageTypeDefinition<_logwheel_v1_Group, _logwheel_v1_Group__Output>
      ListBrokersReply: MessageTypeDefinition<_logwheel_v1_ListBrokersReply, _logwheel_v1_ListBrokersReply__Output>
      ListBrokersRequest: MessageTypeDefinition<_logwheel_v1_ListBrokersRequest, _logwheel_v1_ListBrokersRequest__Output>
      ListTopicsReply: MessageTypeDefinition<_logwheel_v1_ListTopicsReply, _logwheel_v1_ListTopicsReply__Output>
      ListTopicsRequest: MessageTypeDefinition<_logwheel_v1_ListTopicsRequest, _logwheel_v1_ListTopicsRequest__Output>
      Message: MessageTypeDefinition<_logwheel_v1_Message, _logwheel_v1_Message__Output>
      Mode: EnumTypeDefinition
      NameServer: SubtypeConstructor<typeof grpc.Client, _logwheel_v1_NameServerClient> & { service: _logwheel_v1_NameServerDefinition }
      Permission: EnumTypeDefinition
      Range: MessageTypeDefinition<_logwheel_v1_Range, _logwheel_v1_Range__Output>
      Record: MessageTypeDefinition<_logwheel_v1_Record, _logwheel_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      RegisterReply: MessageTypeDefinition<_logwheel_v1_RegisterReply, _logwheel_v1_RegisterReply__Output>
      RegisterRequest: MessageTypeDefinition<_logwheel_v1_RegisterRequest, _logwheel_v1_RegisterRequest__Output>
      RocketMq: MessageTypeDefinition<_logwheel_v1_RocketMq, _logwheel_v1_RocketMq__Output>
      Route: MessageTypeDefinition<_logwheel_v1_Route, _logwheel_v1_Route__Output>
      Routes: MessageTypeDefinition<_logwheel_v1_Routes, _logwheel_v1_Routes__Output>
      Sent: EnumTypeDefinition
      Share: MessageTypeDefinition<_logwheel_v1_Share, _logwheel_v1_Share__Output>
      Topic: MessageTypeDefinition<_logwheel_v1_Topic, _logwheel_v1_Topic__Output>
      TopicType: EnumTypeDefinition
      WatchRequest: MessageTypeDefinition<_logwheel_v1_WatchRequest, _logwheel_v1_WatchRequest__Output>
    }
  }
}

