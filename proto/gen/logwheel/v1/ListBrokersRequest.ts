// Original file: proto/logwheel/v1/nameserver.proto


export interface ListBrokersRequest {
}

export interface ListBrokersRequest__Output {
}
