use std::sync::Arc;

use motet_store::{Epoch, Position, Schema};

use crate::disk::Disk;
use crate::error::Error;
use crate::log::{Log, Opening, recover};
use crate::options::Options;
use crate::overlay::Overlay;
use crate::tables::Tables;

/// What opening finds and makes, before anything else is done.
pub(crate) struct Opened {
    pub(crate) tables: Box<dyn Tables>,
    pub(crate) epoch: Epoch,
    pub(crate) opening: Opening,
    pub(crate) covered: Position,
    pub(crate) overlay: Overlay,
    pub(crate) log: Log,
}

impl Opened {
    /// Recovers the log, fills the overlay from it and begins a new epoch; the caller has the directory's lock.
    pub(crate) fn new(
        disk: &Arc<dyn Disk>,
        mut tables: Box<dyn Tables>,
        schema: &'static Schema,
        options: &Options,
    ) -> Result<Self, Error> {
        let meta = tables.meta()?;
        let recovered = recover(disk, options, meta.covered, meta.log_ordinal)?;
        let opening = recovered.opening();
        let mut overlay = Overlay::new(schema);
        overlay.refill(meta.covered, recovered.tail)?;
        let epoch = tables.begin_epoch(recovered.log.ordinal())?;
        Ok(Self { tables, epoch, opening, covered: meta.covered, overlay, log: recovered.log })
    }
}
