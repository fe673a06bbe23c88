// Sends and receives messages through stubs generated from logwheel's .proto files.
//
//	logwheel-example send TOPIC TEXT...
//	logwheel-example receive TOPIC GROUP COUNT
package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	logwheelv1 "example.com/logwheel/v1"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	switch {
	case len(os.Args) > 3 && os.Args[1] == "send":
		send(ctx, os.Args[2], os.Args[3:])
	case len(os.Args) == 5 && os.Args[1] == "receive":
		count, err := strconv.Atoi(os.Args[4])
		check(err)
		receive(ctx, os.Args[2], os.Args[3], count)
	default:
		check(fmt.Errorf("usage: %s send TOPIC TEXT... | receive TOPIC GROUP COUNT", os.Args[0]))
	}
}

func send(ctx context.Context, topic string, texts []string) {
	createTopic(ctx, topic)
	connection := connect(queuesOf(ctx, topic)[0].address)
	defer connection.Close()
	broker := logwheelv1.NewBrokerClient(connection)
	// With a producer id and rising sequences a send can be repeated after a lost answer: the broker stores it once.
	producer := rand.Uint64N(1 << 52)
	for i, text := range texts {
		reply, err := broker.Send(ctx, &logwheelv1.SendRequest{
			Topic:      topic,
			ProducerId: producer,
			Sequence:   uint64(i + 1),
			Message: &logwheelv1.Message{
				Body:       []byte(text),
				Tag:        "go",
				Keys:       []string{text},
				Properties: map[string]string{"language": "go"},
				BornAtMs:   time.Now().UnixMilli(),
			},
		})
		check(err)
		fmt.Printf("sent %s as %s\n", text, reply.Receipt.MessageId)
	}
}

func receive(ctx context.Context, topic, group string, count int) {
	received := 0
	for received < count {
		for _, queue := range queuesOf(ctx, topic) {
			received += receiveFrom(ctx, queue, topic, group, count-received)
			if received == count {
				break
			}
		}
	}
	fmt.Printf("acknowledged %d for %s\n", received, group)
}

// Takes up to `most` messages of one queue from the group's position on, and acknowledges them.
func receiveFrom(ctx context.Context, queue queue, topic, group string, most int) int {
	connection := connect(queue.address)
	defer connection.Close()
	broker := logwheelv1.NewBrokerClient(connection)
	place, err := broker.Seek(ctx, &logwheelv1.SeekRequest{Topic: topic, QueueId: queue.id, Group: group})
	check(err)
	offset := place.FirstOffset
	if place.GroupOffset != nil {
		offset = *place.GroupOffset
	}
	reply, err := broker.Pull(ctx, &logwheelv1.PullRequest{
		Topic: topic, QueueId: queue.id, Offset: offset, MaxMessages: uint32(most), WaitMs: 100,
	})
	check(err)
	for _, record := range reply.Records {
		id := fmt.Sprintf("%s-%d-%d", queue.broker, record.Epoch, record.LogOffset)
		fmt.Printf("received %s as %s with tag %s\n", textOf(record.Message), id, record.Message.Tag)
	}
	if len(reply.Records) > 0 {
		// Only after the work is done: what is not acknowledged comes again.
		_, err = broker.Ack(ctx, &logwheelv1.AckRequest{
			Group: group, Topic: topic, QueueId: queue.id, Below: &reply.NextOffset,
		})
		check(err)
	}
	return len(reply.Records)
}

func textOf(message *logwheelv1.Message) string {
	if message.Encoding != logwheelv1.Encoding_ENCODING_ZLIB {
		return string(message.Body)
	}
	reader, err := zlib.NewReader(bytes.NewReader(message.Body))
	check(err)
	text, err := io.ReadAll(reader)
	check(err)
	return string(text)
}
