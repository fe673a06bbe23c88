"""Sends each argument as a message: python send.py TOPIC TEXT..."""

import random
import socket
import sys
import time

import grpc
from cluster import create_topic, queues_of
from logwheel.v1 import broker_pb2, broker_pb2_grpc, message_pb2

topic, texts = sys.argv[1], sys.argv[2:]
create_topic(topic)
broker, address, _ = queues_of(topic)[0]

# With a producer id and rising sequences a send can be repeated after a lost answer: the broker stores it once.
producer_id = random.getrandbits(52)

with grpc.insecure_channel(address) as channel:
    stub = broker_pb2_grpc.BrokerStub(channel)
    for sequence, text in enumerate(texts, start=1):
        message = message_pb2.Message(
            body=text.encode(),
            tag="python",
            keys=[text],
            properties={"language": "python"},
            born_at_ms=int(time.time() * 1000),
            born_host=socket.gethostname(),
        )
        request = broker_pb2.SendRequest(
            topic=topic, producer_id=producer_id, sequence=sequence, message=message
        )
        receipt = stub.Send(request, timeout=5).receipt
        print(f"sent {text} as {receipt.message_id}, {'flushed' if receipt.flushed else 'written'}")
