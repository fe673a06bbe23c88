"""Finds brokers and queues: what every program in another language needs besides its stubs."""

import os
import sys
import time

import grpc
from logwheel.v1 import admin_pb2, admin_pb2_grpc, message_pb2, nameserver_pb2, nameserver_pb2_grpc

NAME_SERVER = os.environ.get("LOGWHEEL_NAMESRV", "127.0.0.1:9876").split(",")[0]
SECONDS = 5


def queues_of(topic):
    """(broker name, address, queue id) of every queue; empty where nobody has the topic."""
    with grpc.insecure_channel(NAME_SERVER) as channel:
        stub = nameserver_pb2_grpc.NameServerStub(channel)
        routes = stub.GetRoutes(nameserver_pb2.GetRoutesRequest(topics=[topic]), timeout=SECONDS)
    addresses = {broker.name: broker.address for broker in routes.brokers}
    return [
        (share.broker, addresses[share.broker], queue)
        for share in routes.routes[0].shares
        for queue in range(share.topic.queues)
    ]


def create_topic(topic, queues_per_broker=2, kind=message_pb2.TOPIC_TYPE_NORMAL):
    """Makes the topic on every broker unless it is there, and waits until the routes show it."""
    with grpc.insecure_channel(NAME_SERVER) as channel:
        stub = nameserver_pb2_grpc.NameServerStub(channel)
        brokers = stub.ListBrokers(nameserver_pb2.ListBrokersRequest(), timeout=SECONDS).brokers
    wanted = message_pb2.Topic(name=topic, queues=queues_per_broker, type=kind)
    for broker in brokers:
        with grpc.insecure_channel(broker.info.address) as channel:
            try:
                admin = admin_pb2_grpc.AdminStub(channel)
                admin.CreateTopic(admin_pb2.CreateTopicRequest(topic=wanted), timeout=SECONDS)
            except grpc.RpcError as error:
                if code_of(error) != "TOPIC_EXISTS":
                    raise
    deadline = time.monotonic() + SECONDS
    while not queues_of(topic):
        if time.monotonic() > deadline:
            sys.exit(f"no broker shows the topic {topic}")
        time.sleep(0.02)


def code_of(error):
    """logwheel's own code of an error (docs/errors.md), which is finer than the gRPC status."""
    return dict(error.trailing_metadata() or ()).get("mq-code", "")
