// Original file: proto/logwheel/v1/broker.proto


export interface Draining {
}

export interface Draining__Output {
}
