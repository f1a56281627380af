//! Brokers as processes that can be killed and started again over the same data.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::{
    ApiKey, CreateTopicsRequest, CreateTopicsResponse, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable as _, Encodable as _, StrBytes};

use crate::support::Directory;

/// Where Kafka's archives are, and the program of NATS.
const KAFKA: &str = "MOTET_TEST_KAFKA";
const NATS: &str = "MOTET_TEST_NATS";
/// A broker answers this long after it was started.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// One broker over its own folder, at an address that outlives it.
pub(crate) struct Broker {
    command: Vec<String>,
    folder: Directory,
    pub(crate) port: u16,
    child: Option<Child>,
    is_ready: fn(u16) -> bool,
}

impl Broker {
    pub(crate) fn kafka() -> Self {
        let archives = variable(KAFKA);
        let folder = Directory::new();
        let (port, controller) = (free_port(), free_port());
        write_kafka(&folder.path("."), port, controller);
        let command = [
            "java",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            "-cp",
            &format!("{archives}/*"),
            "kafka.Kafka",
            &folder.path("server.properties").display().to_string(),
        ];
        Self::start(&command, folder, port, |port| create_topic(port, "ready", 1).is_some())
    }

    pub(crate) fn nats() -> Self {
        let program = variable(NATS);
        let folder = Directory::new();
        let port = free_port();
        let command = [
            &program,
            "--jetstream",
            "--addr",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--store_dir",
            &folder.path("data").display().to_string(),
        ];
        Self::start(&command, folder, port, |port| {
            let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
                return false;
            };
            let mut greeting = [0; 5];
            stream.read_exact(&mut greeting).is_ok() && greeting == *b"INFO "
        })
    }

    fn start(command: &[&str], folder: Directory, port: u16, is_ready: fn(u16) -> bool) -> Self {
        let command = command.iter().map(|part| (*part).to_owned()).collect();
        let mut broker = Self { command, folder, port, child: None, is_ready };
        broker.restart();
        broker.wait_ready();
        broker
    }

    /// Starts it and does not wait.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = self.folder.path("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .current_dir(self.folder.path("."))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    pub(crate) fn wait_ready(&mut self) {
        let until = Instant::now() + PATIENCE;
        while !(self.is_ready)(self.port) {
            let child = self.child.as_mut().unwrap();
            let log = || std::fs::read_to_string(self.folder.path("log")).unwrap_or_default();
            assert!(child.try_wait().unwrap().is_none(), "the broker ended:\n{}", log());
            assert!(Instant::now() < until, "the broker does not answer:\n{}", log());
            std::thread::sleep(POLL);
        }
    }

    /// Kills it as a failing machine would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // One that has ended already is what was wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Settings of one broker that is its own controller, and the file that makes its folder a formatted one.
fn write_kafka(folder: &Path, port: u16, controller: u16) {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let settings = format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=PLAINTEXT\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n",
        data.display()
    );
    std::fs::write(folder.join("server.properties"), settings).unwrap();
    let formatted = "version=1\ncluster.id=bW90ZXQtdGVzdC1jbHVzdA\nnode.id=1\n";
    std::fs::write(data.join("meta.properties"), formatted).unwrap();
}

/// Creates a topic, or finds it; none while the broker does not answer.
pub(crate) fn create_topic(port: u16, name: &str, partitions: i32) -> Option<()> {
    const VERSION: i16 = 4;
    /// The topic is there.
    const EXISTS: i16 = 36;
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
        .with_num_partitions(partitions)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(5_000);
    let header = RequestHeader::default()
        .with_request_api_key(ApiKey::CreateTopics as i16)
        .with_request_api_version(VERSION);
    let mut body = BytesMut::new();
    header.encode(&mut body, 1).unwrap();
    request.encode(&mut body, VERSION).unwrap();
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(body.len()).unwrap());
    frame.put(body);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&frame).ok()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut answer).ok()?;
    let mut answer = Bytes::from(answer);
    ResponseHeader::decode(&mut answer, 0).unwrap();
    let response = CreateTopicsResponse::decode(&mut answer, VERSION).unwrap();
    matches!(response.topics[0].error_code, 0 | EXISTS).then_some(())
}

/// Waits until a broker knows a topic that was just created.
pub(crate) async fn known(source: &dyn motet_events::Source) {
    let until = Instant::now() + PATIENCE;
    while let Err(error) = source.partitions().await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(POLL).await;
    }
}

/// Creates a stream for one subject of the same name, or finds it.
pub(crate) async fn create_stream(port: u16, name: &str) {
    let client = async_nats::connect(format!("127.0.0.1:{port}")).await.unwrap();
    let config = async_nats::jetstream::stream::Config {
        name: name.to_owned(),
        subjects: vec![name.to_owned()],
        ..Default::default()
    };
    async_nats::jetstream::new(client).get_or_create_stream(config).await.unwrap();
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask brokers` runs these tests"))
}
