// RocketMQ's own client for Rust, as its documentation shows it: client ENDPOINT VERB TOPIC …; tells what it does in JSON lines.

use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocketmq::conf::{ClientOption, ProducerOption, SimpleConsumerOption};
use rocketmq::model::common::{FilterExpression, FilterType};
use rocketmq::model::message::MessageBuilder;
use rocketmq::model::transaction::{Transaction, TransactionResolution};
use rocketmq::{Producer, SimpleConsumer};
use tokio::sync::mpsc::unbounded_channel;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut client = ClientOption::default();
    client.set_access_url(&arguments[0]);
    client.set_long_polling_timeout(Duration::from_secs(5));
    let (topic, rest) = (arguments[2].as_str(), &arguments[3..]);
    match arguments[1].as_str() {
        "send" => send(client, topic, rest).await,
        "order" => order(client, topic, rest).await,
        "batch" => batch(client, topic, rest).await,
        "delay" => delay(client, topic, rest).await,
        "transact" => transact(client, topic, rest).await,
        "receive" => receive(client, topic, rest).await,
        "poll" => poll(client, topic, rest).await,
        verb => Err(verb.into()),
    }
}

fn topics(topic: &str) -> ProducerOption {
    let mut option = ProducerOption::default();
    option.set_topics(vec![topic]);
    option
}

async fn producer(client: ClientOption, topic: &str) -> Result<Producer, Box<dyn Error>> {
    let mut producer = Producer::new(topics(topic), client)?;
    producer.start().await?;
    Ok(producer)
}

/// None of what these tests send needs an escape but those that Rust writes as JSON does.
fn tell_sent(body: &str, id: &str) {
    println!("{{\"sent\":{body:?},\"id\":{id:?}}}");
}

async fn send(client: ClientOption, topic: &str, bodies: &[String]) -> Done {
    let producer = producer(client, topic).await?;
    for body in bodies {
        let message = MessageBuilder::builder()
            .set_topic(topic)
            .set_body(body.clone().into_bytes())
            .set_tag("sent")
            .set_keys(vec![body])
            .set_properties(HashMap::from([("language", "rust")]))
            .build()?;
        tell_sent(body, producer.send(message).await?.message_id());
    }
    Ok(producer.shutdown().await?)
}

/// The message group is what stands before the dash.
async fn order(client: ClientOption, topic: &str, bodies: &[String]) -> Done {
    let producer = producer(client, topic).await?;
    for body in bodies {
        let group = body.split('-').next().unwrap();
        let bytes = body.clone().into_bytes();
        let message = MessageBuilder::fifo_message_builder(topic, bytes, group).build()?;
        tell_sent(body, producer.send(message).await?.message_id());
    }
    Ok(producer.shutdown().await?)
}

/// All in one request.
async fn batch(client: ClientOption, topic: &str, bodies: &[String]) -> Done {
    let producer = producer(client, topic).await?;
    let mut messages = Vec::new();
    for body in bodies {
        let bytes = body.clone().into_bytes();
        messages.push(MessageBuilder::builder().set_topic(topic).set_body(bytes).build()?);
    }
    let receipts = producer.batch_send(messages).await?;
    assert_eq!(receipts.len(), bodies.len());
    for (body, receipt) in bodies.iter().zip(&receipts) {
        tell_sent(body, receipt.message_id());
    }
    Ok(producer.shutdown().await?)
}

/// All but the first are far off: this version cannot recall.
async fn delay(client: ClientOption, topic: &str, bodies: &[String]) -> Done {
    let producer = producer(client, topic).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    for (number, body) in bodies.iter().enumerate() {
        let at = now + if number == 0 { 2 } else { 3_600 };
        let bytes = body.clone().into_bytes();
        let message = MessageBuilder::delay_message_builder(topic, bytes, at).build()?;
        tell_sent(body, producer.send(message).await?.message_id());
    }
    Ok(producer.shutdown().await?)
}

/// Commits the first, rolls the second back, and leaves the third until it is asked about.
async fn transact(client: ClientOption, topic: &str, bodies: &[String]) -> Done {
    let (ask, mut asked) = unbounded_channel();
    let checker = Box::new(move |_, message: rocketmq::model::message::MessageView| {
        println!("{{\"asked\":{:?}}}", String::from_utf8_lossy(message.body()));
        let _ = ask.send(());
        TransactionResolution::COMMIT
    });
    let mut producer = Producer::new_transaction_producer(topics(topic), client, checker)?;
    producer.start().await?;
    for (number, body) in bodies.iter().enumerate() {
        let bytes = body.clone().into_bytes();
        let message = MessageBuilder::transaction_message_builder(topic, bytes).build()?;
        let transaction = producer.send_transaction_message(message).await?;
        tell_sent(body, transaction.message_id());
        match number {
            0 => transaction.commit().await?,
            1 => transaction.rollback().await?,
            _ => {}
        }
    }
    asked.recv().await;
    // Its answer is on its way: who runs this says when it is there.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(producer.shutdown().await?)
}

async fn simple(client: ClientOption, group: &str, topic: &str) -> Result<SimpleConsumer, Box<dyn Error>> {
    let mut option = SimpleConsumerOption::default();
    option.set_topics(vec![topic]);
    option.set_consumer_group(group);
    let mut consumer = SimpleConsumer::new(option, client)?;
    consumer.start().await?;
    Ok(consumer)
}

async fn receive(client: ClientOption, topic: &str, rest: &[String]) -> Done {
    let expression = match rest.get(2) {
        Some(sql) => FilterExpression::new(FilterType::Sql, sql),
        None => FilterExpression::new(FilterType::Tag, "*"),
    };
    let consumer = simple(client, &rest[0], topic).await?;
    let mut left: usize = rest[1].parse()?;
    while left > 0 {
        for message in consumer.receive(topic, &expression).await? {
            println!(
                "{{\"received\":{:?},\"id\":{:?},\"tag\":{},\"keys\":{:?},\"properties\":{:?},\"attempt\":{}}}",
                String::from_utf8_lossy(message.body()),
                message.message_id(),
                message.tag().map_or("null".to_string(), |tag| format!("{tag:?}")),
                message.keys(),
                message.properties(),
                message.delivery_attempt(),
            );
            consumer.ack(&message).await?;
            left -= 1;
        }
    }
    Ok(consumer.shutdown().await?)
}

/// One poll; tells how many messages it brought.
async fn poll(client: ClientOption, topic: &str, rest: &[String]) -> Done {
    let consumer = simple(client, &rest[0], topic).await?;
    let messages = consumer.receive(topic, &FilterExpression::new(FilterType::Tag, "*")).await?;
    println!("{{\"polled\":{}}}", messages.len());
    Ok(consumer.shutdown().await?)
}
