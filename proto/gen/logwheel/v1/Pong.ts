// Original file: proto/logwheel/v1/broker.proto


export interface Pong {
}

export interface Pong__Output {
}
