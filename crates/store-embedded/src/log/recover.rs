use std::io;
use std::sync::Arc;

use motet_store::{Commit, Position};

use super::append::{Active, Log};
use super::frame::{FORMAT, Frame};
use super::pool::Pool;
use super::segment::{BLOCK, FirstBlock, Header, Segment, segment_name};
use super::survey::{Survey, Torn, survey};
use crate::disk::Disk;
use crate::error::{Damage, Error};
use crate::options::{Options, Sabotage};

/// A log ready to be written, and what the tables do not cover of it.
pub(crate) struct Recovered {
    pub(crate) log: Log,
    /// Uncovered commits by frame, each with the position of its first one.
    pub(crate) tail: Vec<(u64, Vec<Commit>)>,
    /// A frame that was never acknowledged, now gone.
    pub(crate) torn: Option<Torn>,
}

/// What an opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Commits that only the log had.
    pub commits: u64,
    /// File and offset of a frame that was never acknowledged and not written whole: normal after a crash.
    pub torn: Option<(String, u64)>,
}

impl Recovered {
    pub(crate) fn opening(&self) -> Opening {
        Opening {
            commits: self.tail.iter().map(|(_, commits)| commits.len() as u64).sum(),
            torn: self.torn.as_ref().map(|torn| (torn.file.clone(), torn.offset)),
        }
    }
}

/// What becomes of the segments that a restart supersedes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Old {
    /// They serve again.
    Reuse,
    /// Those that may hold acknowledged commits get another name and stay.
    SetAside,
}

/// Opens the log; fails with [`Error::Damaged`] and changes nothing where acknowledged commits may be missing.
pub(crate) fn recover(
    disk: &Arc<dyn Disk>,
    options: &Options,
    covered: Position,
    ordinal_expected: u64,
) -> Result<Recovered, Error> {
    let survey = survey(disk, options, covered, ordinal_expected)?;
    match &survey.damage {
        Some(damage) => Err(Error::Damaged(damage.clone())),
        None => restart(disk, options, covered, ordinal_expected, survey, Old::Reuse),
    }
}

/// Begins anew after the last readable frame, whatever follows it.
///
/// The tail is copied into a fresh segment and synced, because what was read may never have been durable. Only then the
/// header is written, which supersedes every older segment at once.
pub(crate) fn restart(
    disk: &Arc<dyn Disk>,
    options: &Options,
    covered: Position,
    ordinal_expected: u64,
    mut survey: Survey,
    old: Old,
) -> Result<Recovered, Error> {
    let tail = survey.tail.iter().map(decode).collect::<Result<Vec<_>, Error>>()?;
    let copying = |error| Error::io("copying the tail of the log", error);
    let ordinal = survey.ordinal.max(ordinal_expected) + 1;
    let header = Header {
        id: disk.random(),
        ordinal,
        base: ordinal,
        first: survey.tail.first().map_or(covered.0 + 1, |frame| frame.sequence),
    };
    let bytes = BLOCK as u64 + survey.tail.iter().map(Frame::stored_bytes).sum::<u64>();
    let segment = fresh(&**disk, options, &mut survey, bytes).map_err(copying)?;
    copy(&segment, header, &survey.tail, options).map_err(copying)?;
    if old == Old::SetAside {
        set_aside(&**disk, &mut survey, ordinal)?;
    }
    let spares = retire(&**disk, options, &mut survey)?;
    let pool = Pool::new(disk.clone(), options, spares, survey.number);
    let active = Active { segment, header, begun: true, end: bytes };
    let next = survey.last.0 + 1;
    let log = Log::new(disk.clone(), Arc::new(pool), options.clone(), active, next);
    Ok(Recovered { log, tail, torn: survey.torn })
}

/// A blank segment that is large enough, or a new one.
///
/// One with a header is idle only because of what was read elsewhere, perhaps from a cache that the next crash empties: then
/// its frames count again. It serves once the new header is durable.
fn fresh(
    disk: &dyn Disk,
    options: &Options,
    survey: &mut Survey,
    bytes: u64,
) -> io::Result<Segment> {
    let bytes = bytes.max(options.segment_bytes_first);
    for (place, idle) in survey.idle.iter().enumerate() {
        if idle.bytes >= bytes && idle.first_block()? == FirstBlock::Blank {
            return Ok(survey.idle.swap_remove(place));
        }
    }
    survey.number += 1;
    Segment::create(disk, &segment_name(survey.number - 1), bytes)
}

fn copy(segment: &Segment, header: Header, tail: &[Frame], options: &Options) -> io::Result<()> {
    let sync = || match options.sabotaged(Sabotage::TailNotSynced) {
        true => Ok(()),
        false => segment.file.sync_data(),
    };
    let mut offset = BLOCK as u64;
    let mut buffer = Vec::new();
    for frame in tail {
        buffer.clear();
        frame.encode_for(header.id, &mut buffer);
        segment.file.write_at(offset, &buffer)?;
        offset += buffer.len() as u64;
    }
    sync()?;
    segment.file.write_at(0, &header.encode())?;
    sync()
}

/// Name of a segment that a repair took out of the log; the ordinal makes it unique.
pub(crate) fn aside_name(ordinal: u64, name: &str) -> String {
    format!("removed-{ordinal}-{name}")
}

fn set_aside(disk: &dyn Disk, survey: &mut Survey, ordinal: u64) -> Result<(), Error> {
    let live = survey.live.drain(..).map(|(_, segment)| segment);
    for segment in live.chain(survey.unreadable.drain(..)) {
        disk.rename(&segment.name, &aside_name(ordinal, &segment.name))
            .map_err(|error| Error::io(format!("renaming {}", segment.name), error))?;
    }
    Ok(())
}

/// Keeps what can serve as a spare segment and removes the rest.
fn retire(disk: &dyn Disk, options: &Options, survey: &mut Survey) -> Result<Vec<Segment>, Error> {
    let live = survey.live.drain(..).map(|(_, segment)| segment);
    let mut spares = Vec::new();
    let mut removed = std::mem::take(&mut survey.unreadable);
    for segment in survey.idle.drain(..).chain(live) {
        let fits = (options.segment_bytes_first.min(options.segment_bytes_max)
            ..=options.segment_bytes_max)
            .contains(&segment.bytes);
        if fits && spares.len() < options.segments_spare {
            spares.push(segment);
        } else {
            removed.push(segment);
        }
    }
    for segment in removed {
        disk.remove(&segment.name)
            .map_err(|error| Error::io(format!("removing {}", segment.name), error))?;
    }
    Ok(spares)
}

fn decode(frame: &Frame) -> Result<(u64, Vec<Commit>), Error> {
    if frame.format > FORMAT {
        let (found, supported) = (u32::from(frame.format), u32::from(FORMAT));
        return Err(Error::NewerFormat { found, supported });
    }
    let commits = frame.commits().ok_or_else(|| {
        Error::Damaged(Damage {
            file: "log".to_owned(),
            offset: 0,
            sequence: frame.sequence,
            what: "a frame with a valid checksum holds no commits".to_owned(),
        })
    })?;
    Ok((frame.sequence, commits))
}
