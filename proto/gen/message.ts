import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { DeadLetter as _logwheel_v1_DeadLetter, DeadLetter__Output as _logwheel_v1_DeadLetter__Output } from './logwheel/v1/DeadLetter.js';
import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from './logwheel/v1/Failure.js';
import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from './logwheel/v1/Group.js';
import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from './logwheel/v1/Message.js';
import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from './logwheel/v1/Range.js';
import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from './logwheel/v1/Record.js';
import type { RocketMq as _logwheel_v1_RocketMq, RocketMq__Output as _logwheel_v1_RocketMq__Output } from './logwheel/v1/RocketMq.js';
import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from './logwheel/v1/Topic.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  logwheel: {
    v1: {
      Assign: EnumTypeDefinition
      DeadLetter: MessageTypeDefinition<_logwheel_v1_DeadLetter, _logwheel_v1_DeadLetter__Output>
      DeadReason: EnumTypeDefinition
      Encoding: EnumTypeDefinition
      Expired: EnumTypeDefinition
      Failure: MessageTypeDefinition<_logwheel_v1_Failure, _logwheel_v1_Failure__Output>
      Group: MessageTypeDefinition<_logwheel_v1_Group, _logwheel_v1_Group__Output>
      Message: MessageTypeDefinition<_logwheel_v1_Message, _logwheel_v1_Message__Output>
      Mode: EnumTypeDefinition
      Permission: EnumTypeDefinition
      Range: MessageTypeDefinition<_logwheel_v1_Range, _logwheel_v1_Range__Output>
      Record: MessageTypeDefinition<_logwheel_v1_Record, _logwheel_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      RocketMq: MessageTypeDefinition<_logwheel_v1_RocketMq, _logwheel_v1_RocketMq__Output>
      Sent: EnumTypeDefinition
      Topic: MessageTypeDefinition<_logwheel_v1_Topic, _logwheel_v1_Topic__Output>
      TopicType: EnumTypeDefinition
    }
  }
}

