"""A message that is committed, one that is rolled back, and one about which the broker has to ask: python transaction.py TOPIC"""

import queue
import sys
import threading
import time

import grpc
from cluster import create_topic, queues_of
from logwheel.v1 import broker_pb2, broker_pb2_grpc, message_pb2

topic = sys.argv[1]
# The broker asks after 300 ms, not after six seconds, so that the example is soon over.
create_topic(topic, kind=message_pb2.TOPIC_TYPE_TRANSACTION, attributes={"transactionCheckAfterMs": "300"})
broker, address, _ = queues_of(topic)[0]

committed = set()  # the database: transactions that were committed in it
answered = threading.Event()
requests = queue.Queue()  # what goes out on the Check stream


def half(stub, text):
    """Stores a message that is delivered when its transaction is committed; returns the transaction's id."""
    message = message_pb2.Message(
        body=text.encode(), tag="python", producer_group="bank", born_at_ms=int(time.time() * 1000)
    )
    request = broker_pb2.SendRequest(topic=topic, half=True, message=message)
    return stub.Send(request, timeout=5).receipt.message_id


def settle(stub, transaction, decision):
    request = broker_pb2.SettleRequest(transaction_id=transaction, topic=topic, decision=decision)
    stub.Settle(request, timeout=5)


def answer(stub):
    """Held open for as long as the process lives: the broker asks any producer of the group."""
    for reply in stub.Check(iter(requests.get, None)):
        if reply.HasField("welcome"):
            every = reply.welcome.heartbeat_ms / 1000
            threading.Thread(target=ping, args=(every,), daemon=True).start()
        elif reply.HasField("question"):
            asked = reply.question
            known = asked.transaction_id in committed
            decision = broker_pb2.DECISION_COMMIT if known else broker_pb2.DECISION_ROLLBACK
            print(f"asked about {asked.record.message.body.decode()}: {'commit' if known else 'rollback'}")
            reply = broker_pb2.CheckAnswer(
                transaction_id=asked.transaction_id, topic=asked.topic, decision=decision
            )
            requests.put(broker_pb2.CheckRequest(answer=reply))
            answered.set()


def ping(every):
    while True:
        time.sleep(every)
        requests.put(broker_pb2.CheckRequest(ping=broker_pb2.Ping()))


with grpc.insecure_channel(address) as channel:
    stub = broker_pb2_grpc.BrokerStub(channel)
    requests.put(broker_pb2.CheckRequest(hello=broker_pb2.CheckHello(producer_group="bank", host="python")))
    answers = threading.Thread(target=answer, args=(stub,), daemon=True)
    answers.start()

    transaction = half(stub, "paid")
    committed.add(transaction)  # the local transaction
    settle(stub, transaction, broker_pb2.DECISION_COMMIT)
    print(f"committed paid as {transaction}")

    transaction = half(stub, "refused")
    settle(stub, transaction, broker_pb2.DECISION_ROLLBACK)
    print(f"rolled back refused as {transaction}")

    transaction = half(stub, "unsure")
    committed.add(transaction)  # and here the process loses its head: nobody decides
    print(f"left undecided unsure as {transaction}")
    if not answered.wait(20):
        sys.exit("the broker does not ask")
    requests.put(None)  # behind the answer; the broker ends the stream when it has read all
    answers.join(5)
