// Original file: proto/logwheel/v1/broker.proto


export interface Ping {
}

export interface Ping__Output {
}
