"""Sends each argument as a message, all in one frame of the Publish stream: python publish.py TOPIC TEXT..."""

import random
import sys
import time

import grpc
from cluster import create_topic, queues_of
from logwheel.v1 import broker_pb2, broker_pb2_grpc, message_pb2

topic, texts = sys.argv[1], sys.argv[2:]
create_topic(topic)
broker, address, _ = queues_of(topic)[0]


def entry(sequence, text):
    message = message_pb2.Message(body=text.encode(), tag="python", born_at_ms=int(time.time() * 1000))
    return broker_pb2.Entry(topic=0, sequence=sequence, message=message)  # topic 0: the first of `topics`


frame = broker_pb2.PublishRequest(
    frame=1,
    producer_id=random.getrandbits(52),
    topics=[topic],
    entries=[entry(sequence, text) for sequence, text in enumerate(texts, start=1)],
)

with grpc.insecure_channel(address) as channel:
    for reply in broker_pb2_grpc.BrokerStub(channel).Publish(iter([frame]), timeout=5):
        refused = {refusal.index: refusal.failure for refusal in reply.refusals}
        for index, text in enumerate(texts):
            if index in refused:
                print(f"refused {text}: {refused[index].message} [{refused[index].code}]")
            else:
                print(f"sent {text} as {broker}-{reply.epoch}-{reply.log_offsets[index]}")
