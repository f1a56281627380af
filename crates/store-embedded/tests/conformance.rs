//! Every composition of the embedded store passes the suite of the ports.

mod common;

use std::sync::Arc;

use common::Directory;
use motet_store::conformance::{FRAME_BYTES_MAX, Harness, SCHEMA, suite};
use motet_store::{Reads, Store};
use motet_store_embedded::disk::{Disk, LossyDisk, MemoryDisk, RealDisk};
use motet_store_embedded::tables::{MemoryTables, SqliteTables};
use motet_store_embedded::{Embedded, Inline, Options, Service};

fn options() -> Options {
    Options { frame_bytes_max: FRAME_BYTES_MAX, ..Options::small() }
}

/// The synchronous machine over simulated parts; reopening is a power failure.
struct Simulated {
    inline: Inline,
    disk: MemoryDisk,
    tables: MemoryTables,
}

impl Simulated {
    fn open(disk: MemoryDisk, tables: MemoryTables) -> Box<dyn Harness> {
        disk.set_short_reads(true);
        let (shared, writer) = (Arc::new(disk.clone()), Box::new(tables.clone()));
        let machine = Embedded::open(shared, writer, &SCHEMA, options()).expect("it opens");
        Box::new(Self { inline: Inline::over(machine), disk, tables })
    }
}

impl Harness for Simulated {
    fn store(&self) -> &dyn Store {
        &self.inline
    }

    fn reads(&self) -> &dyn Reads {
        &self.inline
    }

    fn settle(&self) {
        self.inline.machine().checkpoint().expect("the checkpoint ends");
    }

    fn reopen(self: Box<Self>) -> Box<dyn Harness> {
        let Self { inline, disk, tables } = *self;
        disk.crash();
        drop(inline);
        Self::open(disk, tables)
    }
}

/// The synchronous machine over files and SQLite.
struct Real {
    inline: Inline,
    directory: Directory,
    lossy: bool,
}

impl Real {
    fn open(directory: Directory, lossy: bool) -> Box<dyn Harness> {
        let real = RealDisk::open(directory.path()).expect("the directory opens");
        let disk: Arc<dyn Disk> = match lossy {
            true => Arc::new(LossyDisk::over(Box::new(real))),
            false => Arc::new(real),
        };
        let tables = SqliteTables::open(directory.path(), &SCHEMA).expect("the tables open");
        let machine = Embedded::open(disk, Box::new(tables), &SCHEMA, options()).expect("it opens");
        Box::new(Self { inline: Inline::over(machine), directory, lossy })
    }
}

impl Harness for Real {
    fn store(&self) -> &dyn Store {
        &self.inline
    }

    fn reads(&self) -> &dyn Reads {
        &self.inline
    }

    fn settle(&self) {
        self.inline.machine().checkpoint().expect("the checkpoint ends");
    }

    fn reopen(self: Box<Self>) -> Box<dyn Harness> {
        let Self { inline, directory, lossy } = *self;
        drop(inline);
        Self::open(directory, lossy)
    }
}

#[test]
fn the_machine_over_simulated_parts_conforms() {
    for seed in 0..8 {
        suite(&|| Simulated::open(MemoryDisk::new(seed), MemoryTables::new(&SCHEMA)));
    }
}

#[test]
fn the_machine_over_files_and_sqlite_conforms() {
    suite(&|| Real::open(Directory::new(), false));
}

#[test]
fn the_machine_over_a_lossy_disk_conforms() {
    suite(&|| Real::open(Directory::new(), true));
}

/// The threads over files and SQLite.
struct Threaded {
    service: Service,
    directory: Directory,
}

impl Threaded {
    fn open(directory: Directory) -> Box<dyn Harness> {
        let service = Service::open(directory.path(), &SCHEMA, options()).expect("it opens");
        Box::new(Self { service, directory })
    }
}

impl Harness for Threaded {
    fn store(&self) -> &dyn Store {
        &self.service
    }

    fn reads(&self) -> &dyn Reads {
        &self.service
    }

    fn settle(&self) {
        self.service.flush().expect("the tables follow");
    }

    fn reopen(self: Box<Self>) -> Box<dyn Harness> {
        let Self { service, directory } = *self;
        drop(service);
        Self::open(directory)
    }
}

#[test]
fn the_service_conforms() {
    suite(&|| Threaded::open(Directory::new()));
}
