// RocketMQ's own client for Go, as its documentation shows it: client ENDPOINT VERB TOPIC …; tells what it does in JSON lines.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	rmq "github.com/apache/rocketmq-clients/golang/v5"
	"github.com/apache/rocketmq-clients/golang/v5/credentials"
	v2 "github.com/apache/rocketmq-clients/golang/v5/protocol/v2"
)

const (
	invisible = 10 * time.Second
	wait      = 5 * time.Second
)

var endpoint string

func main() {
	// The broker has no TLS.
	rmq.EnableSsl = false
	endpoint = os.Args[1]
	topic, rest := os.Args[3], os.Args[4:]
	verbs := map[string]func(string, []string) error{
		"send": send, "order": order, "delay": delay, "transact": transact,
		"receive": receive, "hide": hide, "push": push,
	}
	if err := verbs[os.Args[2]](topic, rest); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config(group string) *rmq.Config {
	return &rmq.Config{Endpoint: endpoint, ConsumerGroup: group, Credentials: &credentials.SessionCredentials{}}
}

func tell(what map[string]any) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func tellReceived(message *rmq.MessageView) {
	tell(map[string]any{
		"received": string(message.GetBody()), "tag": message.GetTag(), "keys": message.GetKeys(),
		"properties": message.GetProperties(), "attempt": message.GetDeliveryAttempt(),
	})
}

// Sends each body as a message that `shape` has had in its hands.
func sendAll(topic string, bodies []string, shape func(*rmq.Message)) error {
	producer, err := rmq.NewProducer(config(""), rmq.WithTopics(topic))
	if err != nil {
		return err
	}
	if err := producer.Start(); err != nil {
		return err
	}
	defer producer.GracefulStop()
	for _, body := range bodies {
		message := &rmq.Message{Topic: topic, Body: []byte(body)}
		shape(message)
		receipts, err := producer.Send(context.Background(), message)
		if err != nil {
			return err
		}
		tell(map[string]any{"sent": body, "id": receipts[0].MessageID})
	}
	return nil
}

func send(topic string, bodies []string) error {
	return sendAll(topic, bodies, func(message *rmq.Message) {
		message.SetTag("sent")
		message.SetKeys(string(message.Body))
		message.AddProperty("language", "go")
	})
}

// The message group is what stands before the dash.
func order(topic string, bodies []string) error {
	return sendAll(topic, bodies, func(message *rmq.Message) {
		message.SetMessageGroup(strings.Split(string(message.Body), "-")[0])
	})
}

// All but the first are far off: this version cannot recall.
func delay(topic string, bodies []string) error {
	after := 2 * time.Second
	return sendAll(topic, bodies, func(message *rmq.Message) {
		message.SetDelayTimestamp(time.Now().Add(after))
		after = time.Hour
	})
}

func transact(topic string, bodies []string) error {
	asked := make(chan bool, 1)
	checker := rmq.TransactionChecker{Check: func(message *rmq.MessageView) rmq.TransactionResolution {
		tell(map[string]any{"asked": string(message.GetBody())})
		select {
		case asked <- true:
		default:
		}
		return rmq.COMMIT
	}}
	producer, err := rmq.NewProducer(config(""), rmq.WithTransactionChecker(&checker), rmq.WithTopics(topic))
	if err != nil {
		return err
	}
	if err := producer.Start(); err != nil {
		return err
	}
	defer producer.GracefulStop()
	for number, body := range bodies {
		transaction := producer.BeginTransaction()
		message := &rmq.Message{Topic: topic, Body: []byte(body)}
		receipts, err := producer.SendWithTransaction(context.Background(), message, transaction)
		if err != nil {
			return err
		}
		tell(map[string]any{"sent": body, "id": receipts[0].MessageID})
		if number == 0 {
			err = transaction.Commit()
		} else if number == 1 {
			err = transaction.RollBack()
		}
		if err != nil {
			return err
		}
	}
	<-asked
	return waitForEnd()
}

// What the client has said last is on its way: who runs this says when it is there, by the end of stdin.
func waitForEnd() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func simple(topic, group string, expression *rmq.FilterExpression) (rmq.SimpleConsumer, error) {
	expressions := map[string]*rmq.FilterExpression{topic: expression}
	options := rmq.WithSimpleSubscriptionExpressions(expressions)
	consumer, err := rmq.NewSimpleConsumer(config(group), rmq.WithSimpleAwaitDuration(wait), options)
	if err != nil {
		return nil, err
	}
	return consumer, consumer.Start()
}

// This client reports a poll that brought nothing as an error.
func poll(consumer rmq.SimpleConsumer, most int32, hidden time.Duration) ([]*rmq.MessageView, error) {
	messages, err := consumer.Receive(context.Background(), most, hidden)
	var status *rmq.ErrRpcStatus
	if errors.As(err, &status) && status.Code == int32(v2.Code_MESSAGE_NOT_FOUND) {
		return nil, nil
	}
	return messages, err
}

func receive(topic string, rest []string) error {
	expression := rmq.SUB_ALL
	if len(rest) > 2 {
		expression = rmq.NewFilterExpressionWithType(rest[2], rmq.SQL92)
	}
	consumer, err := simple(topic, rest[0], expression)
	if err != nil {
		return err
	}
	defer consumer.GracefulStop()
	left, err := strconv.Atoi(rest[1])
	for left > 0 && err == nil {
		var messages []*rmq.MessageView
		messages, err = poll(consumer, 32, invisible)
		for _, message := range messages {
			tellReceived(message)
			if err := consumer.Ack(context.Background(), message); err != nil {
				return err
			}
			left--
		}
	}
	return err
}

// Receives one message, makes it visible again after a second, receives it again and acknowledges it.
func hide(topic string, rest []string) error {
	consumer, err := simple(topic, rest[0], rmq.SUB_ALL)
	if err != nil {
		return err
	}
	defer consumer.GracefulStop()
	for _, last := range []bool{false, true} {
		var messages []*rmq.MessageView
		for len(messages) == 0 {
			if messages, err = poll(consumer, 1, invisible); err != nil {
				return err
			}
		}
		tellReceived(messages[0])
		if last {
			err = consumer.Ack(context.Background(), messages[0])
		} else {
			err = consumer.ChangeInvisibleDuration(messages[0], time.Second)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Its listener fails on the first attempt of a message whose body begins with `bad`, and always on one that ends with `poison`.
func push(topic string, rest []string) error {
	left, err := strconv.Atoi(rest[1])
	if err != nil {
		return err
	}
	var lock sync.Mutex
	done := make(chan bool)
	listener := rmq.FuncMessageListener{Consume: func(message *rmq.MessageView) rmq.ConsumerResult {
		lock.Lock()
		defer lock.Unlock()
		tellReceived(message)
		body := string(message.GetBody())
		if strings.HasPrefix(body, "bad") && message.GetDeliveryAttempt() == 1 || strings.HasSuffix(body, "poison") {
			return rmq.FAILURE
		}
		if left--; left == 0 {
			close(done)
		}
		return rmq.SUCCESS
	}}
	expressions := map[string]*rmq.FilterExpression{topic: rmq.SUB_ALL}
	consumer, err := rmq.NewPushConsumer(
		config(rest[0]),
		rmq.WithPushAwaitDuration(wait),
		rmq.WithPushSubscriptionExpressions(expressions),
		rmq.WithPushMessageListener(&listener),
	)
	if err != nil {
		return err
	}
	if err := consumer.Start(); err != nil {
		return err
	}
	<-done
	// A graceful stop would wait for polls of 20 seconds.
	return waitForEnd()
}
