// Original file: proto/logwheel/v1/broker.proto


export interface SettleReply {
}

export interface SettleReply__Output {
}
