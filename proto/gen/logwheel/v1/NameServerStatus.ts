// Original file: proto/logwheel/v1/admin.proto


export interface NameServerStatus {
  'address'?: (string);
  'connected'?: (boolean);
}

export interface NameServerStatus__Output {
  'address': (string);
  'connected': (boolean);
}
