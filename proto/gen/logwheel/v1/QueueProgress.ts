// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface QueueProgress {
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
  'endOffset'?: (number | string | Long);
  'lag'?: (number | string | Long);
  'ready'?: (number | string | Long);
  'inFlight'?: (number | string | Long);
  'retrying'?: (number | string | Long);
  'member'?: (string);
  'oldestStoredAtMs'?: (number | string | Long);
  'oldestReadyAtMs'?: (number | string | Long);
  'oldestInFlightAtMs'?: (number | string | Long);
  'oldestRetryingAtMs'?: (number | string | Long);
  'delayed'?: (number | string | Long);
  '_oldestReadyAtMs'?: "oldestReadyAtMs";
  '_oldestInFlightAtMs'?: "oldestInFlightAtMs";
  '_oldestRetryingAtMs'?: "oldestRetryingAtMs";
  '_delayed'?: "delayed";
}

export interface QueueProgress__Output {
  'topic': (string);
  'queueId': (number);
  'offset': (number);
  'endOffset': (number);
  'lag': (number);
  'ready': (number);
  'inFlight': (number);
  'retrying': (number);
  'member': (string);
  'oldestStoredAtMs': (number);
  'oldestReadyAtMs'?: (number);
  'oldestInFlightAtMs'?: (number);
  'oldestRetryingAtMs'?: (number);
  'delayed'?: (number);
  '_oldestReadyAtMs'?: "oldestReadyAtMs";
  '_oldestInFlightAtMs'?: "oldestInFlightAtMs";
  '_oldestRetryingAtMs'?: "oldestRetryingAtMs";
  '_delayed'?: "delayed";
}
