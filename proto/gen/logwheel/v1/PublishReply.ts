// Original file: proto/logwheel/v1/broker.proto

import type { Refusal as _logwheel_v1_Refusal, Refusal__Output as _logwheel_v1_Refusal__Output } from '../../logwheel/v1/Refusal.js';
import type { OldEpoch as _logwheel_v1_OldEpoch, OldEpoch__Output as _logwheel_v1_OldEpoch__Output } from '../../logwheel/v1/OldEpoch.js';
import type { Long } from '@grpc/proto-loader';

export interface PublishReply {
  'frame'?: (number | string | Long);
  'epoch'?: (number);
  'flushed'?: (boolean);
  'logOffsets'?: (number | string | Long)[];
  'queueOffsets'?: (number | string | Long)[];
  'queueIds'?: (number)[];
  'refusals'?: (_logwheel_v1_Refusal)[];
  'oldEpochs'?: (_logwheel_v1_OldEpoch)[];
  'deferred'?: (number)[];
}

export interface PublishReply__Output {
  'frame': (number);
  'epoch': (number);
  'flushed': (boolean);
  'logOffsets': (number)[];
  'queueOffsets': (number)[];
  'queueIds': (number)[];
  'refusals': (_logwheel_v1_Refusal__Output)[];
  'oldEpochs': (_logwheel_v1_OldEpoch__Output)[];
  'deferred': (number)[];
}
