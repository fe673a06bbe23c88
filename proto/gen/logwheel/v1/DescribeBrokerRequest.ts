// Original file: proto/logwheel/v1/admin.proto


export interface DescribeBrokerRequest {
}

export interface DescribeBrokerRequest__Output {
}
