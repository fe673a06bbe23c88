// Original file: proto/logwheel/v1/nameserver.proto


export interface ListTopicsRequest {
}

export interface ListTopicsRequest__Output {
}
