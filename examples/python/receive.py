"""Receives and acknowledges a number of messages for a group: python receive.py TOPIC GROUP COUNT"""

import sys
import time
import zlib

import grpc
from cluster import queues_of
from logwheel.v1 import broker_pb2, broker_pb2_grpc, message_pb2

topic, group, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
deadline = time.monotonic() + 20
received = 0


def text_of(message):
    body = zlib.decompress(message.body) if message.encoding == message_pb2.ENCODING_ZLIB else message.body
    return body.decode()


while received < count and time.monotonic() < deadline:
    for broker, address, queue in queues_of(topic):
        with grpc.insecure_channel(address) as channel:
            stub = broker_pb2_grpc.BrokerStub(channel)
            # Where the group is in this queue; from its beginning if it was never here.
            place = stub.Seek(broker_pb2.SeekRequest(topic=topic, queue_id=queue, group=group), timeout=5)
            offset = place.group_offset if place.HasField("group_offset") else place.first_offset
            pull = broker_pb2.PullRequest(
                topic=topic, queue_id=queue, offset=offset, max_messages=count - received, wait_ms=100
            )
            reply = stub.Pull(pull, timeout=5)
            for record in reply.records:
                received += 1
                # A record that stands for another one, here a delayed message, keeps that one's id.
                stands = record.kind & 0x400
                epoch, place = (
                    (record.producer_id, record.sequence) if stands else (record.epoch, record.log_offset)
                )
                name = f"{broker}-{epoch}-{place}"
                print(f"received {text_of(record.message)} as {name} with tag {record.message.tag}")
            # Only after the work is done: what is not acknowledged comes again.
            if reply.records:
                ack = broker_pb2.AckRequest(group=group, topic=topic, queue_id=queue, below=reply.next_offset)
                stub.Ack(ack, timeout=5)
        if received >= count:
            break

print(f"acknowledged {received} for {group}")
sys.exit(0 if received >= count else 1)
