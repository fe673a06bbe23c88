// RocketMQ's own client for Java, as its documentation shows it: Client ENDPOINT VERB TOPIC …; tells what it does in JSON lines.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.StaticSessionCredentialsProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.MessageBuilder;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;
import org.apache.rocketmq.client.apis.producer.SendReceipt;
import org.apache.rocketmq.client.apis.producer.Transaction;
import org.apache.rocketmq.client.apis.producer.TransactionResolution;

public class Client {
    static final Duration INVISIBLE = Duration.ofSeconds(10);
    static final Duration WAIT = Duration.ofSeconds(5);
    static final ClientServiceProvider PROVIDER = ClientServiceProvider.loadService();
    static ClientConfiguration configuration;

    public static void main(String[] arguments) throws Exception {
        // By TLS, which it begins with.
        configuration = ClientConfiguration.newBuilder()
            .setEndpoints(arguments[0])
            .setCredentialProvider(new StaticSessionCredentialsProvider("ak", System.getenv("SECRET")))
            .build();
        String topic = arguments[2];
        List<String> rest = Arrays.asList(arguments).subList(3, arguments.length);
        switch (arguments[1]) {
            case "send" -> send(topic, rest);
            case "order" -> order(topic, rest);
            case "delay" -> delay(topic, rest);
            case "transact" -> transact(topic, rest);
            case "abandon" -> abandon(topic, rest);
            case "decide" -> decide(topic, Integer.parseInt(rest.get(0)));
            case "receive" -> receive(topic, rest);
            case "hide" -> hide(topic, rest.get(0));
            case "push" -> push(topic, rest.get(0), Integer.parseInt(rest.get(1)));
            default -> throw new IllegalArgumentException(arguments[1]);
        }
        System.out.flush();
        // A push consumer that closes waits for its polls.
        Runtime.getRuntime().halt(0);
    }

    static Producer producer(String topic) throws Exception {
        return PROVIDER.newProducerBuilder().setClientConfiguration(configuration).setTopics(topic).build();
    }

    static MessageBuilder message(String topic, String body) {
        return PROVIDER.newMessageBuilder().setTopic(topic).setBody(body.getBytes(StandardCharsets.UTF_8));
    }

    /** By a producer that says nothing of its topics. */
    static void send(String topic, List<String> bodies) throws Exception {
        try (Producer producer = PROVIDER.newProducerBuilder().setClientConfiguration(configuration).build()) {
            for (String body : bodies) {
                MessageBuilder message = message(topic, body);
                message.setTag("sent").setKeys(body).addProperty("language", "java");
                tellSent(body, producer.send(message.build()));
            }
        }
    }

    /** The message group is what stands before the dash. */
    static void order(String topic, List<String> bodies) throws Exception {
        try (Producer producer = producer(topic)) {
            for (String body : bodies) {
                MessageBuilder message = message(topic, body).setMessageGroup(body.split("-")[0]);
                tellSent(body, producer.send(message.build()));
            }
        }
    }

    /** All but the first are recalled. */
    static void delay(String topic, List<String> bodies) throws Exception {
        try (Producer producer = producer(topic)) {
            for (String body : bodies) {
                boolean first = body.equals(bodies.get(0));
                long at = System.currentTimeMillis() + (first ? 2_000 : 60_000);
                SendReceipt receipt = producer.send(message(topic, body).setDeliveryTimestamp(at).build());
                tellSent(body, receipt);
                if (!first) {
                    producer.recallMessage(topic, receipt.getRecallHandle());
                }
            }
        }
    }

    /** One that commits what it is asked about, and counts down. */
    static Producer asked(String topic, CountDownLatch left) throws Exception {
        return PROVIDER.newProducerBuilder()
            .setClientConfiguration(configuration)
            .setTopics(topic)
            .setTransactionChecker(view -> {
                tell("\"asked\":" + quoted(body(view)));
                left.countDown();
                return TransactionResolution.COMMIT;
            })
            .build();
    }

    /** Commits the first, rolls the second back, and leaves the third until it is asked about. */
    static void transact(String topic, List<String> bodies) throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        try (Producer producer = asked(topic, left)) {
            for (String body : bodies) {
                Transaction transaction = producer.beginTransaction();
                tellSent(body, producer.send(message(topic, body).build(), transaction));
                switch (bodies.indexOf(body)) {
                    case 0 -> transaction.commit();
                    case 1 -> transaction.rollback();
                    default -> { }
                }
            }
            left.await();
            waitForEnd();
        }
    }

    /** Sends halves and is gone: nothing of it is closed. */
    static void abandon(String topic, List<String> bodies) throws Exception {
        Producer producer = asked(topic, new CountDownLatch(0));
        for (String body : bodies) {
            tellSent(body, producer.send(message(topic, body).build(), producer.beginTransaction()));
        }
    }

    /** Is there for questions, so many of them. */
    static void decide(String topic, int count) throws Exception {
        CountDownLatch left = new CountDownLatch(count);
        try (Producer producer = asked(topic, left)) {
            left.await();
            waitForEnd();
        }
    }

    static SimpleConsumer simple(String topic, String group, FilterExpression expression) throws Exception {
        return PROVIDER.newSimpleConsumerBuilder()
            .setClientConfiguration(configuration)
            .setConsumerGroup(group)
            .setAwaitDuration(WAIT)
            .setSubscriptionExpressions(Map.of(topic, expression))
            .build();
    }

    static void receive(String topic, List<String> rest) throws Exception {
        FilterExpression expression = rest.size() > 2
            ? new FilterExpression(rest.get(2), FilterExpressionType.SQL92)
            : FilterExpression.SUB_ALL;
        try (SimpleConsumer consumer = simple(topic, rest.get(0), expression)) {
            for (int left = Integer.parseInt(rest.get(1)); left > 0; ) {
                for (MessageView view : consumer.receive(32, INVISIBLE)) {
                    tellReceived(view);
                    consumer.ack(view);
                    left--;
                }
            }
        }
    }

    /** Receives one message, makes it visible again after a second, receives it again and acknowledges it. */
    static void hide(String topic, String group) throws Exception {
        try (SimpleConsumer consumer = simple(topic, group, FilterExpression.SUB_ALL)) {
            for (boolean last : new boolean[] {false, true}) {
                List<MessageView> views = List.of();
                while (views.isEmpty()) {
                    views = consumer.receive(1, INVISIBLE);
                }
                tellReceived(views.get(0));
                if (last) {
                    consumer.ack(views.get(0));
                } else {
                    consumer.changeInvisibleDuration(views.get(0), Duration.ofSeconds(1));
                }
            }
        }
    }

    /** Its listener fails on the first attempt of a message whose body begins with `bad`, and always on one that ends with `poison`. */
    static void push(String topic, String group, int count) throws Exception {
        CountDownLatch left = new CountDownLatch(count);
        PROVIDER.newPushConsumerBuilder()
            .setClientConfiguration(configuration)
            .setConsumerGroup(group)
            .setSubscriptionExpressions(Map.of(topic, FilterExpression.SUB_ALL))
            .setMessageListener(view -> {
                tellReceived(view);
                String body = body(view);
                if (body.startsWith("bad") && view.getDeliveryAttempt() == 1 || body.endsWith("poison")) {
                    return ConsumeResult.FAILURE;
                }
                left.countDown();
                return ConsumeResult.SUCCESS;
            })
            .build();
        left.await();
        waitForEnd();
    }

    /** What the client has said last is on its way: who runs this says when it is there. */
    static void waitForEnd() throws Exception {
        System.in.readAllBytes();
    }

    static String body(MessageView view) {
        return StandardCharsets.UTF_8.decode(view.getBody()).toString();
    }

    static void tellSent(String body, SendReceipt receipt) {
        tell("\"sent\":" + quoted(body) + ",\"id\":" + quoted(receipt.getMessageId().toString()));
    }

    static void tellReceived(MessageView view) {
        String properties = view.getProperties().entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
            .collect(Collectors.joining(","));
        tell("\"received\":" + quoted(body(view)) + ",\"tag\":" + view.getTag().map(Client::quoted).orElse("null")
            + ",\"keys\":" + list(view.getKeys()) + ",\"properties\":{" + properties + "}"
            + ",\"attempt\":" + view.getDeliveryAttempt());
    }

    static String list(Collection<String> texts) {
        return texts.stream().map(Client::quoted).collect(Collectors.joining(",", "[", "]"));
    }

    /** None of what these tests send needs an escape. */
    static String quoted(String text) {
        return '"' + text + '"';
    }

    static synchronized void tell(String fields) {
        System.out.println("{" + fields + "}");
    }
}
