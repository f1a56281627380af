//! A runtime over the in-memory store, and a service that logs what arrives.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use motet_engine::secret::SecretKey;
use motet_expr::json;
use motet_mesh::Mesh;
use motet_runtime::{
    Error, Handle, Options, Runtime, SCHEMA, Secrets, StartReply, StartRequest, SystemClock,
};
use motet_store::memory::MemoryStore;
use motet_store::{
    Answer, Completion, Entity, Error as StoreError, HistoryChunk, Position, Query, Reads,
};
use motet_types::{InstanceId, Limits, WorkflowName};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    runtime: Runtime,
    store: Arc<MemoryStore>,
    forgetful: Arc<Forgetful>,
    service: Arc<Service>,
    address: std::net::SocketAddr,
}

#[derive(Default)]
struct Service {
    arrivals: Mutex<Vec<Arrival>>,
    hangs: Mutex<bool>,
}

#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Arrival {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let service = Arc::new(Service::default());
        *service.hangs.lock().unwrap() = true;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, service.clone()));
        let store = Arc::new(MemoryStore::new(&SCHEMA));
        let forgetful = Forgetful::over(&store);
        Self {
            runtime: open(&store, &forgetful, Limits::default()),
            store,
            forgetful,
            service,
            address,
        }
    }

    /// Stops the runtime without ceremony and starts another one on what the store holds.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(Limits::default()).await
    }

    pub(crate) async fn restart_with(self, limits: Limits) -> Self {
        let Self { runtime, store, service, address, .. } = self;
        drop(runtime);
        let store = Arc::new(store.reopen());
        let forgetful = Forgetful::over(&store);
        Self { runtime: open(&store, &forgetful, limits), store, forgetful, service, address }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.runtime.handle()
    }

    pub(crate) async fn publish(&self, source: &str) {
        if let Err(error) = self.handle().publish(source.to_owned()).await {
            panic!("{error}: {error:#?}");
        }
    }

    pub(crate) async fn start(
        &self,
        name: &str,
        input: &str,
        key: Option<&str>,
    ) -> Result<StartReply, Error> {
        self.handle().start(request(name, input, key, PATIENCE)).await
    }

    pub(crate) async fn start_only(&self, name: &str, input: &str) -> InstanceId {
        let reply = self.handle().start(request(name, input, None, Duration::ZERO)).await.unwrap();
        reply.instance.id
    }

    /// A workflow that posts its data to each path in turn.
    pub(crate) fn document(&self, name: &str, paths: &[&str]) -> String {
        let mut text = format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\ndo:\n"
        );
        for path in paths {
            let uri = format!("http://{}/{path}", self.address);
            text += &format!(
                "  - {path}: {{ call: http, with: {{ method: post, endpoint: '{uri}', body: '${{ {{ n: .n }} }}' }} }}\n"
            );
        }
        text
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.service.arrivals.lock().unwrap().clone()
    }

    pub(crate) fn keys_of(&self, path: &str) -> Vec<String> {
        let of_path = |arrival: &Arrival| arrival.path == path;
        let key = |arrival: &Arrival| arrival.header("idempotency-key").unwrap().to_owned();
        self.arrivals().iter().filter(|arrival| of_path(arrival)).map(key).collect()
    }

    pub(crate) async fn wait_for_arrivals(&self, count: usize) {
        let arrived = async {
            while self.arrivals().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, arrived).await.expect("the calls arrive");
    }

    /// The next so many reads of one chunk of a history find it gone, as if it had been cut out just before.
    pub(crate) fn forget_chunks(&self, count: usize) {
        self.forgetful.gone.store(count, Ordering::SeqCst);
    }

    /// From now on chunks of histories that begin with this record or behind it are no journal.
    pub(crate) fn damage_from(&self, record: u64) {
        self.forgetful.damaged.store(record, Ordering::SeqCst);
    }

    /// From now on the medium fails where it reads such a chunk.
    pub(crate) fn break_from(&self, record: u64) {
        self.forgetful.broken.store(record, Ordering::SeqCst);
    }

    pub(crate) fn stop_hanging(&self) {
        *self.service.hangs.lock().unwrap() = false;
    }
}

fn open(store: &Arc<MemoryStore>, reads: &Arc<Forgetful>, limits: Limits) -> Runtime {
    let options = Options {
        store: store.clone(),
        reads: reads.clone(),
        mesh: Mesh::new(motet_mesh::Options { native_roots: false, ..Default::default() }).unwrap(),
        secrets: Arc::new(NoSecrets),
        secret_key: SecretKey([1; 32]),
        clock: Arc::new(SystemClock::new()),
        limits,
        store_metrics: Arc::new(Vec::new),
        observer: Arc::new(motet_runtime::Unobserved),
        sinks: Arc::default(),
        tokio: tokio::runtime::Handle::current(),
    };
    Runtime::start(options).unwrap()
}

/// The reads of a store, of which some chunks may be gone or damaged.
struct Forgetful {
    store: Arc<MemoryStore>,
    gone: AtomicUsize,
    damaged: AtomicU64,
    broken: AtomicU64,
}

impl Forgetful {
    fn over(store: &Arc<MemoryStore>) -> Arc<Self> {
        let never = || AtomicU64::new(u64::MAX);
        let gone = AtomicUsize::new(0);
        Arc::new(Self { store: store.clone(), gone, damaged: never(), broken: never() })
    }
}

impl Reads for Forgetful {
    fn query(&self, query: Query, done: Completion<Result<Answer, StoreError>>) {
        self.store.query(query, done);
    }

    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, StoreError>>,
    ) {
        let less = |gone: usize| gone.checked_sub(1);
        if limit == 1 && self.gone.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return done(Ok(Vec::new()));
        }
        let damaged = self.damaged.load(Ordering::SeqCst);
        let broken = self.broken.load(Ordering::SeqCst);
        let done = Box::new(move |chunks: Result<Vec<HistoryChunk>, StoreError>| {
            let mut chunks = chunks.expect("a store in memory reads what it holds");
            if chunks.iter().any(|(first, ..)| *first >= broken) {
                return done(Err(StoreError::Io("a page cannot be read".to_owned())));
            }
            for (_, _, bytes) in chunks.iter_mut().filter(|(first, ..)| *first >= damaged) {
                *bytes = "no journal".into();
            }
            done(Ok(chunks));
        });
        self.store.history(entity, skip, limit, done);
    }

    fn covered(&self) -> Position {
        self.store.covered()
    }
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, _: &str) -> Option<String> {
        None
    }
}

fn request(name: &str, input: &str, key: Option<&str>, wait: Duration) -> StartRequest {
    StartRequest {
        workflow: WorkflowName { namespace: "test".parse().unwrap(), name: name.parse().unwrap() },
        version: None,
        input: json::parse(input.as_bytes(), json::Limits::default()).unwrap(),
        key: key.map(str::to_owned),
        wait,
        actor: None,
    }
}

async fn serve(listener: TcpListener, service: Arc<Service>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, service.clone()));
    }
}

/// Answers `{"path": ..., "n": n + 1}`, or nothing at `/hang` while the service hangs.
async fn converse(stream: TcpStream, service: Arc<Service>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let arrival = Arrival { path: path.clone(), headers };
        let length = arrival.header("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        service.arrivals.lock().unwrap().push(arrival);
        if path == "/hang" && *service.hangs.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        let body = json::parse(&body, json::Limits::default()).unwrap();
        let n: u64 = json::to_text(json::get(&body, "n").unwrap()).parse().unwrap();
        let answer = format!(r#"{{"path":"{path}","n":{}}}"#, n + 1);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.get_mut().write_all((head + &answer).as_bytes()).await?;
    }
}
