"""RocketMQ's own client for Python, as its documentation shows it: client.py ENDPOINT VERB TOPIC …; tells what it does in JSON lines."""

import json
import os
import sys
import threading
import time

from rocketmq import (
    ClientConfiguration,
    ConsumeResult,
    Credentials,
    FilterExpression,
    Message,
    MessageListener,
    Producer,
    PushConsumer,
    SimpleConsumer,
    TransactionChecker,
    TransactionResolution,
)

INVISIBLE_S = 10
WAIT_S = 5


def tell(**what):
    print(json.dumps(what), flush=True)


def tell_received(message):
    tell(
        received=message.body.decode(),
        tag=message.tag,
        keys=list(message.keys or []),
        properties=dict(message.properties or {}),
        attempt=message.delivery_attempt,
    )


def made(topic, body):
    message = Message()
    message.topic = topic
    message.body = body.encode()
    return message


def producer(configuration, topic, checker=None):
    started = Producer(configuration, (topic,), checker=checker)
    started.startup()
    return started


def send(configuration, topic, *bodies):
    sender = producer(configuration, topic)
    for body in bodies:
        message = made(topic, body)
        message.tag = "sent"
        message.keys = body
        message.add_property("language", "python")
        tell(sent=body, id=sender.send(message).message_id)
    sender.shutdown()


def order(configuration, topic, *bodies):
    """The message group is what stands before the dash."""
    sender = producer(configuration, topic)
    for body in bodies:
        message = made(topic, body)
        message.message_group = body.split("-")[0]
        tell(sent=body, id=sender.send(message).message_id)
    sender.shutdown()


def delay(configuration, topic, *bodies):
    """All but the first are recalled."""
    sender = producer(configuration, topic)
    for number, body in enumerate(bodies):
        message = made(topic, body)
        message.delivery_timestamp = int(time.time()) + (2 if number == 0 else 60)
        receipt = sender.send(message)
        tell(sent=body, id=receipt.message_id)
        if number > 0:
            sender.recall_message(topic, receipt.recall_handle)
    sender.shutdown()


class Checker(TransactionChecker):
    def __init__(self):
        self.asked = threading.Event()

    def check(self, message):
        tell(asked=message.body.decode())
        self.asked.set()
        return TransactionResolution.COMMIT


def transact(configuration, topic, paid, refused, unsure):
    checker = Checker()
    sender = producer(configuration, topic, checker)
    for body in (paid, refused, unsure):
        transaction = sender.begin_transaction()
        tell(sent=body, id=sender.send(made(topic, body), transaction).message_id)
        if body == paid:
            transaction.commit()
        elif body == refused:
            transaction.rollback()
    checker.asked.wait(30)
    wait_for_end()
    sender.shutdown()


def simple(configuration, topic, group, sql=None):
    expression = FilterExpression() if sql is None else FilterExpression(sql, 2)
    consumer = SimpleConsumer(configuration, group, {topic: expression}, WAIT_S)
    consumer.startup()
    return consumer


def receive(configuration, topic, group, count, sql=None):
    consumer = simple(configuration, topic, group, sql)
    left = int(count)
    while left > 0:
        for message in consumer.receive(32, INVISIBLE_S) or []:
            tell_received(message)
            consumer.ack(message)
            left -= 1
    consumer.shutdown()


def hide(configuration, topic, group):
    """Receives one message, makes it visible again after a second, receives it again and acknowledges it."""
    consumer = simple(configuration, topic, group)
    for last in (False, True):
        messages = []
        while not messages:
            messages = consumer.receive(1, 60) or []
        tell_received(messages[0])
        if last:
            consumer.ack(messages[0])
        else:
            consumer.change_invisible_duration(messages[0], 1)
    consumer.shutdown()


class Listener(MessageListener):
    """Fails on the first attempt of a message whose body begins with `bad`, and always on one that ends with `poison`."""

    def __init__(self, count):
        self.left = count
        self.done = threading.Event()
        self.lock = threading.Lock()

    def consume(self, message):
        with self.lock:
            tell_received(message)
            if message.body.startswith(b"bad") and message.delivery_attempt == 1:
                return ConsumeResult.FAILURE
            if message.body.endswith(b"poison"):
                return ConsumeResult.FAILURE
            self.left -= 1
            if self.left == 0:
                self.done.set()
            return ConsumeResult.SUCCESS


def wait_for_end():
    # What the client has said last is on its way: who runs this says when it is there.
    sys.stdin.read()


def push(configuration, topic, group, count):
    listener = Listener(int(count))
    consumer = PushConsumer(configuration, group, listener, {topic: FilterExpression()})
    consumer.startup()
    listener.done.wait(60)
    wait_for_end()


VERBS = {each.__name__: each for each in (send, order, delay, transact, receive, hide, push)}

if __name__ == "__main__":
    endpoint, verb, *rest = sys.argv[1:]
    VERBS[verb](ClientConfiguration(endpoint, Credentials(), ""), *rest)
    sys.stdout.flush()
    # Polls that wait would keep the process for 20 seconds.
    os._exit(0)
