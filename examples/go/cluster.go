package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	logwheelv1 "example.com/logwheel/v1"
)

// A queue and where its broker is.
type queue struct {
	broker, address string
	id              uint32
}

func connect(address string) *grpc.ClientConn {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	return connection
}

func nameServer() *grpc.ClientConn {
	addresses := os.Getenv("LOGWHEEL_NAMESRV")
	if addresses == "" {
		addresses = "127.0.0.1:9876"
	}
	return connect(strings.Split(addresses, ",")[0])
}

// Every queue of a topic; none where nobody has it.
func queuesOf(ctx context.Context, topic string) []queue {
	connection := nameServer()
	defer connection.Close()
	routes, err := logwheelv1.NewNameServerClient(connection).GetRoutes(ctx, &logwheelv1.GetRoutesRequest{Topics: []string{topic}})
	check(err)
	addresses := map[string]string{}
	for _, broker := range routes.Brokers {
		addresses[broker.Name] = broker.Address
	}
	var queues []queue
	for _, share := range routes.Routes[0].Shares {
		for id := uint32(0); id < share.Topic.Queues; id++ {
			queues = append(queues, queue{share.Broker, addresses[share.Broker], id})
		}
	}
	return queues
}

// Makes the topic on every broker unless it is there, and waits until the routes show it.
func createTopic(ctx context.Context, topic string) {
	connection := nameServer()
	defer connection.Close()
	list, err := logwheelv1.NewNameServerClient(connection).ListBrokers(ctx, &logwheelv1.ListBrokersRequest{})
	check(err)
	wanted := &logwheelv1.Topic{Name: topic, Queues: 2, Type: logwheelv1.TopicType_TOPIC_TYPE_NORMAL}
	for _, broker := range list.Brokers {
		channel := connect(broker.Info.Address)
		_, err := logwheelv1.NewAdminClient(channel).CreateTopic(ctx, &logwheelv1.CreateTopicRequest{Topic: wanted})
		if status.Code(err) != codes.AlreadyExists {
			check(err)
		}
		channel.Close()
	}
	for len(queuesOf(ctx, topic)) == 0 {
		check(ctx.Err())
		time.Sleep(20 * time.Millisecond)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
