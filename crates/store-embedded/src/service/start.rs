use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use motet_store::Schema;

use super::reserve::Reserve;
use super::shared::{Shared, StopIfPanicking};
use super::{Service, cover, keep, readers, write};
use crate::disk::{Disk, DiskLock};
use crate::error::Error;
use crate::open::Opened;
use crate::options::Options;

/// Starts the threads over what was opened.
pub(super) fn start(
    opened: Opened,
    disk: Arc<dyn Disk>,
    lock: DiskLock,
    directory: Option<PathBuf>,
    schema: &'static Schema,
    options: Options,
) -> Result<Service, Error> {
    let Opened { tables, epoch, opening, covered, overlay, log } = opened;
    let readers = [options.load_threads, options.query_threads].map(|count| count.max(1));
    let frame_bytes_max = options.frame_bytes_max;
    let pool = log.pool().clone();
    let shared = Arc::new(Shared::new(options, overlay, covered, &log));
    let mut service = Service {
        directory,
        schema,
        epoch,
        opening,
        frame_bytes_max,
        shared: shared.clone(),
        commits: Arc::default(),
        loads: Arc::default(),
        queries: Arc::default(),
        pool: pool.clone(),
        writer: None,
        threads: Vec::new(),
        _lock: lock,
    };
    for (name, count, queue) in [
        ("motet-load", readers[0], service.loads.clone()),
        ("motet-query", readers[1], service.queries.clone()),
    ] {
        for _ in 0..count {
            let (shared, queue) = (shared.clone(), queue.clone());
            let reader = readers::Reader::new(shared.clone(), schema, queue, tables.reader()?);
            service.threads.push(spawn(name, &shared, move || reader.run())?);
        }
    }
    let reserve = Reserve::new(shared.clone(), disk);
    let coverer = cover::Coverer::new(shared.clone(), pool.clone(), tables, reserve.clone());
    service.threads.push(spawn("motet-tables", &shared, move || coverer.run())?);
    let keeper = keep::Keeper::new(shared.clone(), pool, reserve.clone());
    service.threads.push(spawn("motet-segments", &shared, move || keeper.run())?);
    let writer = write::Writer::new(shared.clone(), service.commits.clone(), log, reserve);
    service.writer = Some(spawn("motet-log", &shared, move || writer.run())?);
    Ok(service)
}

/// Starts a thread; if it panics the store stops, for its work would be missing.
fn spawn(
    name: &str,
    shared: &Arc<Shared>,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let guard = StopIfPanicking(shared.clone());
    let guarded = move || {
        let _guard = guard;
        run();
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .map_err(|source| Error::io("starting a thread", source))
}
