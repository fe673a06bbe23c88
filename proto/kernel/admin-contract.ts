import type {
  AskTransactionReply,
  AskTransactionReply__Output,
} from "../gen/logwheel/v1/AskTransactionReply.js";
import type {
  AskTransactionRequest,
  AskTransactionRequest__Output,
} from "../gen/logwheel/v1/AskTransactionRequest.js";
import type {
  ChangeRedriveRequest,
  ChangeRedriveRequest__Output,
} from "../gen/logwheel/v1/ChangeRedriveRequest.js";
import type {
  CommandRocketmqClientReply,
  CommandRocketmqClientReply__Output,
} from "../gen/logwheel/v1/CommandRocketmqClientReply.js";
import type {
  CommandRocketmqClientRequest,
  CommandRocketmqClientRequest__Output,
} from "../gen/logwheel/v1/CommandRocketmqClientRequest.js";
import type { CountDelayedReply, CountDelayedReply__Output } from "../gen/logwheel/v1/CountDelayedReply.js";
import type {
  CountDelayedRequest,
  CountDelayedRequest__Output,
} from "../gen/logwheel/v1/CountDelayedRequest.js";
import type {
  CreateGroupRequest,
  CreateGroupRequest__Output,
} from "../gen/logwheel/v1/CreateGroupRequest.js";
import type {
  CreateTopicRequest,
  CreateTopicRequest__Output,
} from "../gen/logwheel/v1/CreateTopicRequest.js";
import type { DeleteGroupReply, DeleteGroupReply__Output } from "../gen/logwheel/v1/DeleteGroupReply.js";
import type {
  DeleteGroupRequest,
  DeleteGroupRequest__Output,
} from "../gen/logwheel/v1/DeleteGroupRequest.js";
import type { DeleteTopicReply, DeleteTopicReply__Output } from "../gen/logwheel/v1/DeleteTopicReply.js";
import type {
  DeleteTopicRequest,
  DeleteTopicRequest__Output,
} from "../gen/logwheel/v1/DeleteTopicRequest.js";
import type {
  DescribeBrokerReply,
  DescribeBrokerReply__Output,
} from "../gen/logwheel/v1/DescribeBrokerReply.js";
import type {
  DescribeBrokerRequest,
  DescribeBrokerRequest__Output,
} from "../gen/logwheel/v1/DescribeBrokerRequest.js";
import type {
  DescribeGroupReply,
  DescribeGroupReply__Output,
} from "../gen/logwheel/v1/DescribeGroupReply.js";
import type {
  DescribeGroupRequest,
  DescribeGroupRequest__Output,
} from "../gen/logwheel/v1/DescribeGroupRequest.js";
import type {
  DescribeTopicReply,
  DescribeTopicReply__Output,
} from "../gen/logwheel/v1/DescribeTopicReply.js";
import type {
  DescribeTopicRequest,
  DescribeTopicRequest__Output,
} from "../gen/logwheel/v1/DescribeTopicRequest.js";
import type { FindMessagesReply, FindMessagesReply__Output } from "../gen/logwheel/v1/FindMessagesReply.js";
import type {
  FindMessagesRequest,
  FindMessagesRequest__Output,
} from "../gen/logwheel/v1/FindMessagesRequest.js";
import type { GetMessageReply, GetMessageReply__Output } from "../gen/logwheel/v1/GetMessageReply.js";
import type { GetMessageRequest, GetMessageRequest__Output } from "../gen/logwheel/v1/GetMessageRequest.js";
import type { GroupReply, GroupReply__Output } from "../gen/logwheel/v1/GroupReply.js";
import type { ListDelayedReply, ListDelayedReply__Output } from "../gen/logwheel/v1/ListDelayedReply.js";
import type {
  ListDelayedRequest,
  ListDelayedRequest__Output,
} from "../gen/logwheel/v1/ListDelayedRequest.js";
import type { ListGroupsReply, ListGroupsReply__Output } from "../gen/logwheel/v1/ListGroupsReply.js";
import type { ListGroupsRequest, ListGroupsRequest__Output } from "../gen/logwheel/v1/ListGroupsRequest.js";
import type { ListRedrivesReply, ListRedrivesReply__Output } from "../gen/logwheel/v1/ListRedrivesReply.js";
import type {
  ListRedrivesRequest,
  ListRedrivesRequest__Output,
} from "../gen/logwheel/v1/ListRedrivesRequest.js";
import type {
  ListRocketmqClientsReply,
  ListRocketmqClientsReply__Output,
} from "../gen/logwheel/v1/ListRocketmqClientsReply.js";
import type {
  ListRocketmqClientsRequest,
  ListRocketmqClientsRequest__Output,
} from "../gen/logwheel/v1/ListRocketmqClientsRequest.js";
import type {
  ListTransactionsReply,
  ListTransactionsReply__Output,
} from "../gen/logwheel/v1/ListTransactionsReply.js";
import type {
  ListTransactionsRequest,
  ListTransactionsRequest__Output,
} from "../gen/logwheel/v1/ListTransactionsRequest.js";
import type { RedriveReply, RedriveReply__Output } from "../gen/logwheel/v1/RedriveReply.js";
import type { ResetGroupReply, ResetGroupReply__Output } from "../gen/logwheel/v1/ResetGroupReply.js";
import type { ResetGroupRequest, ResetGroupRequest__Output } from "../gen/logwheel/v1/ResetGroupRequest.js";
import type {
  SettleTransactionReply,
  SettleTransactionReply__Output,
} from "../gen/logwheel/v1/SettleTransactionReply.js";
import type {
  SettleTransactionRequest,
  SettleTransactionRequest__Output,
} from "../gen/logwheel/v1/SettleTransactionRequest.js";
import type { SkipMessageReply, SkipMessageReply__Output } from "../gen/logwheel/v1/SkipMessageReply.js";
import type {
  SkipMessageRequest,
  SkipMessageRequest__Output,
} from "../gen/logwheel/v1/SkipMessageRequest.js";
import type {
  StartRedriveRequest,
  StartRedriveRequest__Output,
} from "../gen/logwheel/v1/StartRedriveRequest.js";
import type { TopicReply, TopicReply__Output } from "../gen/logwheel/v1/TopicReply.js";
import type {
  UpdateGroupRequest,
  UpdateGroupRequest__Output,
} from "../gen/logwheel/v1/UpdateGroupRequest.js";
import type {
  UpdateTopicRequest,
  UpdateTopicRequest__Output,
} from "../gen/logwheel/v1/UpdateTopicRequest.js";
import { asked, of, unary } from "./method.js";

const topicReply = of<TopicReply, TopicReply__Output>("TopicReply");
const redriveReply = of<RedriveReply, RedriveReply__Output>("RedriveReply");
const groupReply = of<GroupReply, GroupReply__Output>("GroupReply");

/** Administration of one broker. */
export const ADMIN = {
  createTopic: unary(
    "Admin/CreateTopic",
    asked<CreateTopicRequest, CreateTopicRequest__Output>("CreateTopicRequest"),
    topicReply,
  ),
  updateTopic: unary(
    "Admin/UpdateTopic",
    asked<UpdateTopicRequest, UpdateTopicRequest__Output>("UpdateTopicRequest"),
    topicReply,
  ),
  deleteTopic: unary(
    "Admin/DeleteTopic",
    asked<DeleteTopicRequest, DeleteTopicRequest__Output>("DeleteTopicRequest"),
    of<DeleteTopicReply, DeleteTopicReply__Output>("DeleteTopicReply"),
  ),
  describeTopic: unary(
    "Admin/DescribeTopic",
    asked<DescribeTopicRequest, DescribeTopicRequest__Output>("DescribeTopicRequest"),
    of<DescribeTopicReply, DescribeTopicReply__Output>("DescribeTopicReply"),
  ),
  createGroup: unary(
    "Admin/CreateGroup",
    asked<CreateGroupRequest, CreateGroupRequest__Output>("CreateGroupRequest"),
    groupReply,
  ),
  updateGroup: unary(
    "Admin/UpdateGroup",
    asked<UpdateGroupRequest, UpdateGroupRequest__Output>("UpdateGroupRequest"),
    groupReply,
  ),
  deleteGroup: unary(
    "Admin/DeleteGroup",
    asked<DeleteGroupRequest, DeleteGroupRequest__Output>("DeleteGroupRequest"),
    of<DeleteGroupReply, DeleteGroupReply__Output>("DeleteGroupReply"),
  ),
  listGroups: unary(
    "Admin/ListGroups",
    asked<ListGroupsRequest, ListGroupsRequest__Output>("ListGroupsRequest"),
    of<ListGroupsReply, ListGroupsReply__Output>("ListGroupsReply"),
  ),
  describeGroup: unary(
    "Admin/DescribeGroup",
    asked<DescribeGroupRequest, DescribeGroupRequest__Output>("DescribeGroupRequest"),
    of<DescribeGroupReply, DescribeGroupReply__Output>("DescribeGroupReply"),
  ),
  resetGroup: unary(
    "Admin/ResetGroup",
    asked<ResetGroupRequest, ResetGroupRequest__Output>("ResetGroupRequest"),
    of<ResetGroupReply, ResetGroupReply__Output>("ResetGroupReply"),
  ),
  skipMessage: unary(
    "Admin/SkipMessage",
    asked<SkipMessageRequest, SkipMessageRequest__Output>("SkipMessageRequest"),
    of<SkipMessageReply, SkipMessageReply__Output>("SkipMessageReply"),
  ),
  getMessage: unary(
    "Admin/GetMessage",
    asked<GetMessageRequest, GetMessageRequest__Output>("GetMessageRequest"),
    of<GetMessageReply, GetMessageReply__Output>("GetMessageReply"),
  ),
  findMessages: unary(
    "Admin/FindMessages",
    asked<FindMessagesRequest, FindMessagesRequest__Output>("FindMessagesRequest"),
    of<FindMessagesReply, FindMessagesReply__Output>("FindMessagesReply"),
  ),
  listDelayed: unary(
    "Admin/ListDelayed",
    asked<ListDelayedRequest, ListDelayedRequest__Output>("ListDelayedRequest"),
    of<ListDelayedReply, ListDelayedReply__Output>("ListDelayedReply"),
  ),
  countDelayed: unary(
    "Admin/CountDelayed",
    asked<CountDelayedRequest, CountDelayedRequest__Output>("CountDelayedRequest"),
    of<CountDelayedReply, CountDelayedReply__Output>("CountDelayedReply"),
  ),
  listTransactions: unary(
    "Admin/ListTransactions",
    asked<ListTransactionsRequest, ListTransactionsRequest__Output>("ListTransactionsRequest"),
    of<ListTransactionsReply, ListTransactionsReply__Output>("ListTransactionsReply"),
  ),
  askTransaction: unary(
    "Admin/AskTransaction",
    asked<AskTransactionRequest, AskTransactionRequest__Output>("AskTransactionRequest"),
    of<AskTransactionReply, AskTransactionReply__Output>("AskTransactionReply"),
  ),
  settleTransaction: unary(
    "Admin/SettleTransaction",
    asked<SettleTransactionRequest, SettleTransactionRequest__Output>("SettleTransactionRequest"),
    of<SettleTransactionReply, SettleTransactionReply__Output>("SettleTransactionReply"),
  ),
  startRedrive: unary(
    "Admin/StartRedrive",
    asked<StartRedriveRequest, StartRedriveRequest__Output>("StartRedriveRequest"),
    redriveReply,
  ),
  changeRedrive: unary(
    "Admin/ChangeRedrive",
    asked<ChangeRedriveRequest, ChangeRedriveRequest__Output>("ChangeRedriveRequest"),
    redriveReply,
  ),
  listRedrives: unary(
    "Admin/ListRedrives",
    asked<ListRedrivesRequest, ListRedrivesRequest__Output>("ListRedrivesRequest"),
    of<ListRedrivesReply, ListRedrivesReply__Output>("ListRedrivesReply"),
  ),
  listRocketmqClients: unary(
    "Admin/ListRocketmqClients",
    asked<ListRocketmqClientsRequest, ListRocketmqClientsRequest__Output>("ListRocketmqClientsRequest"),
    of<ListRocketmqClientsReply, ListRocketmqClientsReply__Output>("ListRocketmqClientsReply"),
  ),
  commandRocketmqClient: unary(
    "Admin/CommandRocketmqClient",
    asked<CommandRocketmqClientRequest, CommandRocketmqClientRequest__Output>("CommandRocketmqClientRequest"),
    of<CommandRocketmqClientReply, CommandRocketmqClientReply__Output>("CommandRocketmqClientReply"),
  ),
  describeBroker: unary(
    "Admin/DescribeBroker",
    asked<DescribeBrokerRequest, DescribeBrokerRequest__Output>("DescribeBrokerRequest"),
    of<DescribeBrokerReply, DescribeBrokerReply__Output>("DescribeBrokerReply"),
  ),
} as const;
