// Original file: proto/logwheel/v1/admin.proto


export interface ListGroupsRequest {
}

export interface ListGroupsRequest__Output {
}
