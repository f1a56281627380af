//! The adapters do what every source and sink must.

use std::sync::Arc;
use std::time::Duration;

use motet_events::conformance::{Pair, check};
use motet_events::{KafkaOptions, KafkaSink, KafkaSource, NatsOptions, NatsSink, NatsSource};

use crate::broker::{Broker, create_stream, create_topic, known};

#[tokio::test(flavor = "multi_thread")]
async fn kafka() {
    let broker = Broker::kafka();
    create_topic(broker.port, "conformance", 3).unwrap();
    let options = KafkaOptions {
        addresses: vec![broker.address()],
        topic: "conformance".to_owned(),
        tls: None,
        login: None,
        patience: Duration::from_secs(30),
    };
    let source = Arc::new(KafkaSource::new(options.clone()).unwrap());
    let sink = Arc::new(KafkaSink::new(options).unwrap());
    known(&*source).await;
    check(&Pair { source, sink, recognises_ids: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats() {
    let broker = Broker::nats();
    create_stream(broker.port, "conformance").await;
    let options = NatsOptions {
        addresses: vec![format!("nats://{}", broker.address())],
        stream: "conformance".to_owned(),
        subject: Some("conformance".to_owned()),
        tls: None,
        login: None,
        patience: Duration::from_secs(30),
    };
    let source = Arc::new(NatsSource::new(options.clone()));
    let sink = Arc::new(NatsSink::new(options));
    check(&Pair { source, sink, recognises_ids: true }).await;
}
