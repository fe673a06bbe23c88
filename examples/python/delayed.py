"""Sends two messages for later and cancels the first: python delayed.py TOPIC DELAY_MS TEXT TEXT"""

import sys

import grpc
from cluster import create_topic, queues_of
from logwheel.v1 import broker_pb2, broker_pb2_grpc, message_pb2

topic, delay_ms, texts = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
create_topic(topic, kind=message_pb2.TOPIC_TYPE_DELAY)
broker, address, _ = queues_of(topic)[0]

with grpc.insecure_channel(address) as channel:
    stub = broker_pb2_grpc.BrokerStub(channel)
    handles = []
    for text in texts:
        message = message_pb2.Message(body=text.encode(), delay_ms=delay_ms)
        receipt = stub.Send(broker_pb2.SendRequest(topic=topic, message=message), timeout=5).receipt
        handles.append(receipt.message_id)
        print(f"sent {text} as {receipt.message_id}, {'for later' if receipt.deferred else 'at once'}")
    request = broker_pb2.ChangeDelayedRequest(
        handle=handles[0], change=broker_pb2.DELAYED_CHANGE_CANCEL
    )
    answer = stub.ChangeDelayed(request, timeout=5).answer
    print(f"cancelled {texts[0]}: {broker_pb2.DueAnswer.Name(answer)}")
