import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AckReply as _logwheel_v1_AckReply, AckReply__Output as _logwheel_v1_AckReply__Output } from './logwheel/v1/AckReply.js';
import type { AckRequest as _logwheel_v1_AckRequest, AckRequest__Output as _logwheel_v1_AckRequest__Output } from './logwheel/v1/AckRequest.js';
import type { Acked as _logwheel_v1_Acked, Acked__Output as _logwheel_v1_Acked__Output } from './logwheel/v1/Acked.js';
import type { Acks as _logwheel_v1_Acks, Acks__Output as _logwheel_v1_Acks__Output } from './logwheel/v1/Acks.js';
import type { Assigned as _logwheel_v1_Assigned, Assigned__Output as _logwheel_v1_Assigned__Output } from './logwheel/v1/Assigned.js';
import type { Assignment as _logwheel_v1_Assignment, Assignment__Output as _logwheel_v1_Assignment__Output } from './logwheel/v1/Assignment.js';
import type { Attempt as _logwheel_v1_Attempt, Attempt__Output as _logwheel_v1_Attempt__Output } from './logwheel/v1/Attempt.js';
import type { Batch as _logwheel_v1_Batch, Batch__Output as _logwheel_v1_Batch__Output } from './logwheel/v1/Batch.js';
import type { BrokerClient as _logwheel_v1_BrokerClient, BrokerDefinition as _logwheel_v1_BrokerDefinition } from './logwheel/v1/Broker.js';
import type { ChangeDelayedReply as _logwheel_v1_ChangeDelayedReply, ChangeDelayedReply__Output as _logwheel_v1_ChangeDelayedReply__Output } from './logwheel/v1/ChangeDelayedReply.js';
import type { ChangeDelayedRequest as _logwheel_v1_ChangeDelayedRequest, ChangeDelayedRequest__Output as _logwheel_v1_ChangeDelayedRequest__Output } from './logwheel/v1/ChangeDelayedRequest.js';
import type { CheckAnswer as _logwheel_v1_CheckAnswer, CheckAnswer__Output as _logwheel_v1_CheckAnswer__Output } from './logwheel/v1/CheckAnswer.js';
import type { CheckHello as _logwheel_v1_CheckHello, CheckHello__Output as _logwheel_v1_CheckHello__Output } from './logwheel/v1/CheckHello.js';
import type { CheckReply as _logwheel_v1_CheckReply, CheckReply__Output as _logwheel_v1_CheckReply__Output } from './logwheel/v1/CheckReply.js';
import type { CheckRequest as _logwheel_v1_CheckRequest, CheckRequest__Output as _logwheel_v1_CheckRequest__Output } from './logwheel/v1/CheckRequest.js';
import type { CheckWelcome as _logwheel_v1_CheckWelcome, CheckWelcome__Output as _logwheel_v1_CheckWelcome__Output } from './logwheel/v1/CheckWelcome.js';
import type { ConsumeReply as _logwheel_v1_ConsumeReply, ConsumeReply__Output as _logwheel_v1_ConsumeReply__Output } from './logwheel/v1/ConsumeReply.js';
import type { ConsumeRequest as _logwheel_v1_ConsumeRequest, ConsumeRequest__Output as _logwheel_v1_ConsumeRequest__Output } from './logwheel/v1/ConsumeRequest.js';
import type { Credit as _logwheel_v1_Credit, Credit__Output as _logwheel_v1_Credit__Output } from './logwheel/v1/Credit.js';
import type { DeadLetter as _logwheel_v1_DeadLetter, DeadLetter__Output as _logwheel_v1_DeadLetter__Output } from './logwheel/v1/DeadLetter.js';
import type { Draining as _logwheel_v1_Draining, Draining__Output as _logwheel_v1_Draining__Output } from './logwheel/v1/Draining.js';
import type { Entry as _logwheel_v1_Entry, Entry__Output as _logwheel_v1_Entry__Output } from './logwheel/v1/Entry.js';
import type { Extend as _logwheel_v1_Extend, Extend__Output as _logwheel_v1_Extend__Output } from './logwheel/v1/Extend.js';
import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from './logwheel/v1/Failure.js';
import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from './logwheel/v1/Group.js';
import type { Hello as _logwheel_v1_Hello, Hello__Output as _logwheel_v1_Hello__Output } from './logwheel/v1/Hello.js';
import type { LastError as _logwheel_v1_LastError, LastError__Output as _logwheel_v1_LastError__Output } from './logwheel/v1/LastError.js';
import type { LeaseLost as _logwheel_v1_LeaseLost, LeaseLost__Output as _logwheel_v1_LeaseLost__Output } from './logwheel/v1/LeaseLost.js';
import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from './logwheel/v1/Message.js';
import type { Nack as _logwheel_v1_Nack, Nack__Output as _logwheel_v1_Nack__Output } from './logwheel/v1/Nack.js';
import type { OldEpoch as _logwheel_v1_OldEpoch, OldEpoch__Output as _logwheel_v1_OldEpoch__Output } from './logwheel/v1/OldEpoch.js';
import type { PauseChange as _logwheel_v1_PauseChange, PauseChange__Output as _logwheel_v1_PauseChange__Output } from './logwheel/v1/PauseChange.js';
import type { Ping as _logwheel_v1_Ping, Ping__Output as _logwheel_v1_Ping__Output } from './logwheel/v1/Ping.js';
import type { Pong as _logwheel_v1_Pong, Pong__Output as _logwheel_v1_Pong__Output } from './logwheel/v1/Pong.js';
import type { Position as _logwheel_v1_Position, Position__Output as _logwheel_v1_Position__Output } from './logwheel/v1/Position.js';
import type { PublishReply as _logwheel_v1_PublishReply, PublishReply__Output as _logwheel_v1_PublishReply__Output } from './logwheel/v1/PublishReply.js';
import type { PublishRequest as _logwheel_v1_PublishRequest, PublishRequest__Output as _logwheel_v1_PublishRequest__Output } from './logwheel/v1/PublishRequest.js';
import type { PullReply as _logwheel_v1_PullReply, PullReply__Output as _logwheel_v1_PullReply__Output } from './logwheel/v1/PullReply.js';
import type { PullRequest as _logwheel_v1_PullRequest, PullRequest__Output as _logwheel_v1_PullRequest__Output } from './logwheel/v1/PullRequest.js';
import type { Question as _logwheel_v1_Question, Question__Output as _logwheel_v1_Question__Output } from './logwheel/v1/Question.js';
import type { QueueAck as _logwheel_v1_QueueAck, QueueAck__Output as _logwheel_v1_QueueAck__Output } from './logwheel/v1/QueueAck.js';
import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from './logwheel/v1/Range.js';
import type { Receipt as _logwheel_v1_Receipt, Receipt__Output as _logwheel_v1_Receipt__Output } from './logwheel/v1/Receipt.js';
import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from './logwheel/v1/Record.js';
import type { Refusal as _logwheel_v1_Refusal, Refusal__Output as _logwheel_v1_Refusal__Output } from './logwheel/v1/Refusal.js';
import type { Released as _logwheel_v1_Released, Released__Output as _logwheel_v1_Released__Output } from './logwheel/v1/Released.js';
import type { RocketMq as _logwheel_v1_RocketMq, RocketMq__Output as _logwheel_v1_RocketMq__Output } from './logwheel/v1/RocketMq.js';
import type { SeekReply as _logwheel_v1_SeekReply, SeekReply__Output as _logwheel_v1_SeekReply__Output } from './logwheel/v1/SeekReply.js';
import type { SeekRequest as _logwheel_v1_SeekRequest, SeekRequest__Output as _logwheel_v1_SeekRequest__Output } from './logwheel/v1/SeekRequest.js';
import type { SendBatchReply as _logwheel_v1_SendBatchReply, SendBatchReply__Output as _logwheel_v1_SendBatchReply__Output } from './logwheel/v1/SendBatchReply.js';
import type { SendBatchRequest as _logwheel_v1_SendBatchRequest, SendBatchRequest__Output as _logwheel_v1_SendBatchRequest__Output } from './logwheel/v1/SendBatchRequest.js';
import type { SendReply as _logwheel_v1_SendReply, SendReply__Output as _logwheel_v1_SendReply__Output } from './logwheel/v1/SendReply.js';
import type { SendRequest as _logwheel_v1_SendRequest, SendRequest__Output as _logwheel_v1_SendRequest__Output } from './logwheel/v1/SendRequest.js';
import type { SettleReply as _logwheel_v1_SettleReply, SettleReply__Output as _logwheel_v1_SettleReply__Output } from './logwheel/v1/SettleReply.js';
import type { SettleRequest as _logwheel_v1_SettleRequest, SettleRequest__Output as _logwheel_v1_SettleRequest__Output } from './logwheel/v1/SettleRequest.js';
import type { Subscription as _logwheel_v1_Subscription, Subscription__Output as _logwheel_v1_Subscription__Output } from './logwheel/v1/Subscription.js';
import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from './logwheel/v1/Topic.js';
import type { Welcome as _logwheel_v1_Welcome, Welcome__Output as _logwheel_v1_Welcome__Output } from './logwheel/v1/Welcome.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  logwheel: {
    v1: {
      AckReply: MessageTypeDefinition<_logwheel_v1_AckReply, _logwheel_v1_AckReply__Output>
      AckRequest: MessageTypeDefinition<_logwheel_v1_AckRequest, _logwheel_v1_AckRequest__Output>
      Acked: MessageTypeDefinition<_logwheel_v1_Acked, _logwheel_v1_Acked__Output>
      Acks: MessageTypeDefinition<_logwheel_v1_Acks, _logwheel_v1_Acks__Output>
      Assign: EnumTypeDefinition
      Assigned: MessageTypeDefinition<_logwheel_v1_Assigned, _logwheel_v1_Assigned__Output>
      Assignment: MessageTypeDefinition<_logwheel_v1_Assignment, _logwheel_v1_Assignment__Output>
      Attempt: MessageTypeDefinition<_logwheel_v1_Attempt, _logwheel_v1_Attempt__Output>
      Batch: MessageTypeDefinition<_logwheel_v1_Batch, _logwheel_v1_Batch__Output>
      Broker: SubtypeConstructor<typeof grpc.Client, _logwheel_v1_BrokerClient> & { service: _logwheel_v1_BrokerDefinition }
      ChangeDelayedReply: MessageTypeDefinition<_logwheel_v1_ChangeDelayedReply, _logwheel_v1_ChangeDelayedReply__Output>
      ChangeDelayedRequest: MessageTypeDefinition<_logwheel_v1_ChangeDelayedRequest, _logwheel_v1_ChangeDelayedRequest__Output>
      CheckAnswer: MessageTypeDefinition<_logwheel_v1_CheckAnswer, _logwheel_v1_CheckAnswer__Output>
      CheckHello: MessageTypeDefinition<_logwheel_v1_CheckHello, _logwheel_v1_CheckHello__Output>
      CheckReply: MessageTypeDefinition<_logwheel_v1_CheckReply, _logwheel_v1_CheckReply__Output>
      CheckRequest: MessageTypeDefinition<_logwheel_v1_CheckRequest, _logwheel_v1_CheckRequest__Output>
      CheckWelcome: MessageTypeDefinition<_logwheel_v1_CheckWelcome, _logwheel_v1_CheckWelcome__Output>
      ConsumeReply: MessageTypeDefinition<_logwheel_v1_ConsumeReply, _logwheel_v1_ConsumeReply__Output>
      ConsumeRequest: MessageTypeDefinition<_logwheel_v1_ConsumeRequest, _logwheel_v1_ConsumeRequest__Output>
      Credit: MessageTypeDefinition<_logwheel_v1_Credit, _logwheel_v1_Credit__Output>
      DeadLetter: MessageTypeDefinition<_logwheel_v1_DeadLetter, _logwheel_v1_DeadLetter__Output>
      DeadReason: EnumTypeDefinition
      Decision: EnumTypeDefinition
      DelayedChange: EnumTypeDefinition
      Draining: MessageTypeDefinition<_logwheel_v1_Draining, _logwheel_v1_Draining__Output>
      DueAnswer: EnumTypeDefinition
      Encoding: EnumTypeDefinition
      Entry: MessageTypeDefinition<_logwheel_v1_Entry, _logwheel_v1_Entry__Output>
      Expired: EnumTypeDefinition
      Extend: MessageTypeDefinition<_logwheel_v1_Extend, _logwheel_v1_Extend__Output>
      Failure: MessageTypeDefinition<_logwheel_v1_Failure, _logwheel_v1_Failure__Output>
      From: EnumTypeDefinition
      Group: MessageTypeDefinition<_logwheel_v1_Group, _logwheel_v1_Group__Output>
      Hello: MessageTypeDefinition<_logwheel_v1_Hello, _logwheel_v1_Hello__Output>
      LastError: MessageTypeDefinition<_logwheel_v1_LastError, _logwheel_v1_LastError__Output>
      LeaseLost: MessageTypeDefinition<_logwheel_v1_LeaseLost, _logwheel_v1_LeaseLost__Output>
      Message: MessageTypeDefinition<_logwheel_v1_Message, _logwheel_v1_Message__Output>
      Mode: EnumTypeDefinition
      Nack: MessageTypeDefinition<_logwheel_v1_Nack, _logwheel_v1_Nack__Output>
      OldEpoch: MessageTypeDefinition<_logwheel_v1_OldEpoch, _logwheel_v1_OldEpoch__Output>
      PauseChange: MessageTypeDefinition<_logwheel_v1_PauseChange, _logwheel_v1_PauseChange__Output>
      Permission: EnumTypeDefinition
      Ping: MessageTypeDefinition<_logwheel_v1_Ping, _logwheel_v1_Ping__Output>
      Pong: MessageTypeDefinition<_logwheel_v1_Pong, _logwheel_v1_Pong__Output>
      Position: MessageTypeDefinition<_logwheel_v1_Position, _logwheel_v1_Position__Output>
      PublishReply: MessageTypeDefinition<_logwheel_v1_PublishReply, _logwheel_v1_PublishReply__Output>
      PublishRequest: MessageTypeDefinition<_logwheel_v1_PublishRequest, _logwheel_v1_PublishRequest__Output>
      PullReply: MessageTypeDefinition<_logwheel_v1_PullReply, _logwheel_v1_PullReply__Output>
      PullRequest: MessageTypeDefinition<_logwheel_v1_PullRequest, _logwheel_v1_PullRequest__Output>
      Question: MessageTypeDefinition<_logwheel_v1_Question, _logwheel_v1_Question__Output>
      QueueAck: MessageTypeDefinition<_logwheel_v1_QueueAck, _logwheel_v1_QueueAck__Output>
      Range: MessageTypeDefinition<_logwheel_v1_Range, _logwheel_v1_Range__Output>
      Receipt: MessageTypeDefinition<_logwheel_v1_Receipt, _logwheel_v1_Receipt__Output>
      Record: MessageTypeDefinition<_logwheel_v1_Record, _logwheel_v1_Record__Output>
      RecordKind: EnumTypeDefinition
      Refusal: MessageTypeDefinition<_logwheel_v1_Refusal, _logwheel_v1_Refusal__Output>
      Released: MessageTypeDefinition<_logwheel_v1_Released, _logwheel_v1_Released__Output>
      RocketMq: MessageTypeDefinition<_logwheel_v1_RocketMq, _logwheel_v1_RocketMq__Output>
      SeekReply: MessageTypeDefinition<_logwheel_v1_SeekReply, _logwheel_v1_SeekReply__Output>
      SeekRequest: MessageTypeDefinition<_logwheel_v1_SeekRequest, _logwheel_v1_SeekRequest__Output>
      SendBatchReply: MessageTypeDefinition<_logwheel_v1_SendBatchReply, _logwheel_v1_SendBatchReply__Output>
      SendBatchRequest: MessageTypeDefinition<_logwheel_v1_SendBatchRequest, _logwheel_v1_SendBatchRequest__Output>
      SendReply: MessageTypeDefinition<_logwheel_v1_SendReply, _logwheel_v1_SendReply__Output>
      SendRequest: MessageTypeDefinition<_logwheel_v1_SendRequest, _logwheel_v1_SendRequest__Output>
      Sent: EnumTypeDefinition
      SettleReply: MessageTypeDefinition<_logwheel_v1_SettleReply, _logwheel_v1_SettleReply__Output>
      SettleRequest: MessageTypeDefinition<_logwheel_v1_SettleRequest, _logwheel_v1_SettleRequest__Output>
      Subscription: MessageTypeDefinition<_logwheel_v1_Subscription, _logwheel_v1_Subscription__Output>
      Topic: MessageTypeDefinition<_logwheel_v1_Topic, _logwheel_v1_Topic__Output>
      TopicType: EnumTypeDefinition
      Welcome: MessageTypeDefinition<_logwheel_v1_Welcome, _logwheel_v1_Welcome__Output>
    }
  }
}

