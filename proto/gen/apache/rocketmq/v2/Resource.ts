// Original file: proto/apache/rocketmq/v2/definition.proto


export interface Resource {
  'resourceNamespace'?: (string);
  'name'?: (string);
}

export interface Resource__Output {
  'resourceNamespace': (string);
  'name': (string);
}
