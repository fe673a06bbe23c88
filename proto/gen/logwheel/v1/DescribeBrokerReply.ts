// Original file: proto/logwheel/v1/admin.proto

import type { NameServerStatus as _logwheel_v1_NameServerStatus, NameServerStatus__Output as _logwheel_v1_NameServerStatus__Output } from '../../logwheel/v1/NameServerStatus.js';
import type { Long } from '@grpc/proto-loader';

export interface DescribeBrokerReply {
  'name'?: (string);
  'address'?: (string);
  'version'?: (string);
  'epoch'?: (number);
  'flushSync'?: (boolean);
  'autoCreate'?: (boolean);
  'startedAtMs'?: (number | string | Long);
  'logStart'?: (number | string | Long);
  'logEnd'?: (number | string | Long);
  'logDurable'?: (number | string | Long);
  'segments'?: (number);
  'diskBytes'?: (number | string | Long);
  'diskFreeBytes'?: (number | string | Long);
  'topics'?: (number);
  'groups'?: (number);
  'connections'?: (number);
  'state'?: (string);
  'nameServers'?: (_logwheel_v1_NameServerStatus)[];
  'memoryBytes'?: (number | string | Long);
  'nodeVersion'?: (string);
}

export interface DescribeBrokerReply__Output {
  'name': (string);
  'address': (string);
  'version': (string);
  'epoch': (number);
  'flushSync': (boolean);
  'autoCreate': (boolean);
  'startedAtMs': (number);
  'logStart': (number);
  'logEnd': (number);
  'logDurable': (number);
  'segments': (number);
  'diskBytes': (number);
  'diskFreeBytes': (number);
  'topics': (number);
  'groups': (number);
  'connections': (number);
  'state': (string);
  'nameServers': (_logwheel_v1_NameServerStatus__Output)[];
  'memoryBytes': (number);
  'nodeVersion': (string);
}
