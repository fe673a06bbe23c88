// What the official client of RocketMQ 5 for Go gets from a gateway: sends, each awaited, or messages that are received and
// acknowledged one by one. Topic `bench` has to be there. From test/languages/rocketmq, whose modules it uses:
//
//	go run ../../../bench/rocketmq.go ADDRESS send MESSAGES IN-FLIGHT
//	go run ../../../bench/rocketmq.go ADDRESS receive MESSAGES RECEIVERS
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	rocketmq "github.com/apache/rocketmq-clients/golang/v5"
	"github.com/apache/rocketmq-clients/golang/v5/credentials"
)

const (
	topic     = "bench"
	bodyBytes = 1024
	batch     = 32
	invisible = 20 * time.Second
	wait      = 5 * time.Second
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Messages that are done, and when the last of those that count was: who receives waits for more at the end.
type meter struct {
	count atomic.Int64
	last  atomic.Int64
}

func (done *meter) add(messages int64) {
	if done.count.Add(1) <= messages {
		done.last.Store(time.Now().UnixNano())
	}
}

// Runs so many workers at once and tells how fast they were.
func (done *meter) measure(workers int, messages int64, work func()) {
	var all sync.WaitGroup
	began := time.Now()
	for range workers {
		all.Go(work)
	}
	all.Wait()
	seconds := time.Unix(0, done.last.Load()).Sub(began).Seconds()
	counted := min(messages, done.count.Load())
	fmt.Printf("%d messages in %.2f s: %.0f/s\n", counted, seconds, float64(counted)/seconds)
}

func send(config *rocketmq.Config, messages int64, workers int) {
	producer, err := rocketmq.NewProducer(config, rocketmq.WithTopics(topic))
	must(err)
	must(producer.Start())
	defer producer.GracefulStop()
	body := make([]byte, bodyBytes)
	var begun atomic.Int64
	var sent meter
	sent.measure(workers, messages, func() {
		for begun.Add(1) <= messages {
			_, err := producer.Send(context.Background(), &rocketmq.Message{Topic: topic, Body: body})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				continue
			}
			sent.add(messages)
		}
	})
}

func receive(config *rocketmq.Config, messages int64, workers int) {
	consumer, err := rocketmq.NewSimpleConsumer(config, rocketmq.WithSimpleAwaitDuration(wait),
		rocketmq.WithSimpleSubscriptionExpressions(map[string]*rocketmq.FilterExpression{topic: rocketmq.SUB_ALL}))
	must(err)
	must(consumer.Start())
	defer consumer.GracefulStop()
	var acked meter
	acked.measure(workers, messages, func() {
		for acked.count.Load() < messages {
			// An error is what this client makes of nothing that came.
			views, _ := consumer.Receive(context.Background(), batch, invisible)
			for _, view := range views {
				if err := consumer.Ack(context.Background(), view); err != nil {
					fmt.Fprintln(os.Stderr, err)
					continue
				}
				acked.add(messages)
			}
		}
	})
}

func main() {
	if len(os.Args) != 5 {
		must(fmt.Errorf("usage: rocketmq.go ADDRESS send|receive MESSAGES WORKERS"))
	}
	messages, err := strconv.ParseInt(os.Args[3], 10, 64)
	must(err)
	workers, err := strconv.Atoi(os.Args[4])
	must(err)
	rocketmq.EnableSsl = false
	rocketmq.ResetLogger()
	config := &rocketmq.Config{Endpoint: os.Args[1], ConsumerGroup: "bench", Credentials: &credentials.SessionCredentials{}}
	switch os.Args[2] {
	case "send":
		send(config, messages, workers)
	case "receive":
		receive(config, messages, workers)
	default:
		must(fmt.Errorf("%s is neither send nor receive", os.Args[2]))
	}
}
