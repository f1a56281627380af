//! What the files of a log hold, read without changing anything.

use std::io;
use std::sync::Arc;

use motet_store::Position;

use super::frame::{self, Frame};
use super::segment::{BLOCK, FirstBlock, Header, Segment, segment_number};
use crate::disk::Disk;
use crate::error::{Damage, Error};
use crate::options::{Options, Sabotage};

/// Bytes read at once while looking for frames after a bad one; a multiple of the block.
const SEARCH_BYTES: u64 = 1024 * 1024;

/// The state of a log, relative to what the tables cover.
pub(crate) struct Survey {
    /// Segments that may hold uncovered commits, in order.
    pub(crate) live: Vec<(Header, Segment)>,
    /// Segments that hold nothing of use: blank, superseded, or covered.
    pub(crate) idle: Vec<Segment>,
    /// Segments whose first block cannot be read.
    pub(crate) unreadable: Vec<Segment>,
    /// Valid frames with uncovered commits, without a gap.
    pub(crate) tail: Vec<Frame>,
    /// Position of the last commit that is covered or in the tail.
    pub(crate) last: Position,
    /// A frame that was never acknowledged and was not written whole.
    pub(crate) torn: Option<Torn>,
    /// Why the log cannot be used as it is.
    pub(crate) damage: Option<Damage>,
    /// Valid frames after the damage, each with its file.
    pub(crate) beyond: Vec<(String, Frame)>,
    /// Highest ordinal of any segment.
    pub(crate) ordinal: u64,
    /// Number of the next new file.
    pub(crate) number: u64,
}

/// Where a log ends in an unfinished frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) file: String,
    pub(crate) offset: u64,
}

/// Where reading stopped.
struct Stop {
    live: usize,
    offset: u64,
    /// Position of the commit that should be next.
    next: u64,
}

/// Reads the log. `ordinal_expected` is what the tables know of: without that segment something is missing.
pub(crate) fn survey(
    disk: &Arc<dyn Disk>,
    options: &Options,
    covered: Position,
    ordinal_expected: u64,
) -> Result<Survey, Error> {
    let mut survey = classify(&**disk, covered)?;
    let read = |survey: &mut Survey| -> io::Result<()> {
        let stop = survey.walk(options, covered, ordinal_expected)?;
        survey.judge(&stop)
    };
    read(&mut survey).map_err(|error| Error::io("reading the log", error))?;
    Ok(survey)
}

fn classify(disk: &dyn Disk, covered: Position) -> Result<Survey, Error> {
    let reading = |error| Error::io("reading the log", error);
    let mut numbers: Vec<(u64, String)> = Vec::new();
    for name in disk.list().map_err(reading)? {
        numbers.extend(segment_number(&name).map(|number| (number, name)));
    }
    numbers.sort_unstable();
    let mut survey = Survey {
        live: Vec::new(),
        idle: Vec::new(),
        unreadable: Vec::new(),
        tail: Vec::new(),
        last: covered,
        torn: None,
        damage: None,
        beyond: Vec::new(),
        ordinal: 0,
        number: numbers.last().map_or(1, |(number, _)| number + 1),
    };
    for (_, name) in numbers {
        let segment = Segment::open(disk, &name).map_err(reading)?;
        match segment.first_block().map_err(reading)? {
            FirstBlock::Blank => survey.idle.push(segment),
            FirstBlock::Unreadable => survey.unreadable.push(segment),
            FirstBlock::Used(header) => survey.live.push((header, segment)),
            FirstBlock::Newer(found) => {
                return Err(Error::NewerFormat { found, supported: super::segment::FORMAT });
            }
        }
    }
    survey.set_idle_apart(covered);
    Ok(survey)
}

impl Survey {
    /// Leaves in `live` only what is neither superseded nor wholly covered.
    fn set_idle_apart(&mut self, covered: Position) {
        self.live.sort_unstable_by_key(|(header, _)| header.ordinal);
        self.ordinal = self.live.last().map_or(0, |(header, _)| header.ordinal);
        let base = self.live.iter().map(|(header, _)| header.base).max().unwrap_or(0);
        let superseded = self.live.partition_point(|(header, _)| header.ordinal < base);
        let begun = |(header, _): &(Header, Segment)| header.first <= covered.0 + 1;
        let start = self.live.iter().rposition(begun).unwrap_or(0).max(superseded);
        self.idle.extend(self.live.drain(..start).map(|(_, segment)| segment));
    }

    /// Reads frames in order; says where they stop.
    fn walk(
        &mut self,
        options: &Options,
        covered: Position,
        ordinal_expected: u64,
    ) -> io::Result<Stop> {
        if self.ordinal < ordinal_expected {
            let what = format!("segment {ordinal_expected} of the log is missing");
            self.damage = Some(self.missing(covered.0 + 1, what));
        }
        let Some((header, _)) = self.live.first() else {
            return Ok(Stop { live: 0, offset: 0, next: covered.0 + 1 });
        };
        if header.first > covered.0 + 1 {
            let what = format!("the log begins with commit {} only", header.first);
            self.damage = Some(self.missing(covered.0 + 1, what));
            return Ok(Stop { live: 0, offset: BLOCK as u64, next: covered.0 + 1 });
        }
        let mut stop = Stop { live: 0, offset: BLOCK as u64, next: header.first };
        loop {
            let (header, segment) = &self.live[stop.live];
            let frame = Frame::read(&*segment.file, stop.offset)?;
            match frame.and_then(|frame| belonging(frame, header, stop.next, options)) {
                Some(frame) => {
                    stop.offset += frame.stored_bytes();
                    stop.next = frame.last().0 + 1;
                    if frame.last() > covered {
                        self.tail.push(frame);
                    }
                }
                None => match self.live.get(stop.live + 1) {
                    Some((following, _)) if following.first == stop.next => {
                        stop = Stop { live: stop.live + 1, offset: BLOCK as u64, ..stop };
                    }
                    _ => break,
                },
            }
        }
        self.last = covered.max(Position(stop.next - 1));
        Ok(stop)
    }

    /// Decides whether the log ends where reading stopped, in a torn frame or cleanly, or is damaged there.
    fn judge(&mut self, stop: &Stop) -> io::Result<()> {
        self.beyond = self.frames_after(stop)?;
        let stopped = self.live.get(stop.live).map(|(_, segment)| segment.name.clone());
        let what = if let Some((file, frame)) = self.beyond.first() {
            Some(format!(
                "no valid frame, but {file} holds a later one (commit {})",
                frame.sequence
            ))
        } else if let Some((following, _)) = self.live.get(stop.live + 1) {
            Some(format!(
                "no valid frame, but the next segment begins with commit {}",
                following.first
            ))
        } else if stopped.is_some() && stop.next <= self.last.0 {
            Some(format!("the log ends before commit {}, which the tables cover", self.last.0))
        } else {
            None
        };
        if self.damage.is_some() {
            return Ok(());
        }
        let Stop { offset, next, .. } = *stop;
        match (what, stopped) {
            (Some(what), None) => self.damage = Some(self.missing(next, what)),
            (Some(what), Some(file)) => {
                self.damage = Some(Damage { file, offset, sequence: next, what });
            }
            (None, _) => self.torn = self.torn_at(stop)?,
        }
        Ok(())
    }

    /// Valid frames after the stop that no earlier use left behind.
    fn frames_after(&self, stop: &Stop) -> io::Result<Vec<(String, Frame)>> {
        let mut found = Vec::new();
        for (place, (header, segment)) in self.live.iter().enumerate().skip(stop.live) {
            let from = if place == stop.live { stop.offset } else { BLOCK as u64 };
            let own = |frame: &Frame| frame.segment_id == header.id && frame.sequence >= stop.next;
            search(segment, from, &own, &mut found)?;
        }
        for segment in &self.unreadable {
            let uncovered = |frame: &Frame| frame.sequence >= stop.next && frame.last() > self.last;
            search(segment, BLOCK as u64, &uncovered, &mut found)?;
        }
        Ok(found)
    }

    /// Whether the block where the log ends shows the beginning of a frame.
    fn torn_at(&self, stop: &Stop) -> io::Result<Option<Torn>> {
        let Some((header, segment)) = self.live.get(stop.live) else {
            return Ok(None);
        };
        let begun = frame::begins_at(&*segment.file, stop.offset, header.id)?;
        Ok(begun.then(|| Torn { file: segment.name.clone(), offset: stop.offset }))
    }

    /// Commits that no segment has; one whose first block cannot be read is the first to suspect.
    fn missing(&self, sequence: u64, what: String) -> Damage {
        let Some(suspect) = self.unreadable.first() else {
            let file = self.live.first().map_or("log", |(_, segment)| segment.name.as_str());
            return Damage { file: file.to_owned(), offset: 0, sequence, what };
        };
        let what = format!("the first block cannot be read, and {what}");
        Damage { file: suspect.name.clone(), offset: 0, sequence, what }
    }
}

/// The frame, if it is the one that must come next in this use of the segment.
fn belonging(frame: Frame, header: &Header, next: u64, options: &Options) -> Option<Frame> {
    if options.sabotaged(Sabotage::StaleSegmentReplayed) {
        return Some(Frame { sequence: next, ..frame });
    }
    (frame.segment_id == header.id && frame.sequence == next).then_some(frame)
}

/// Collects the wanted valid frames that begin at `from` or at a later block.
fn search(
    segment: &Segment,
    from: u64,
    wanted: &dyn Fn(&Frame) -> bool,
    found: &mut Vec<(String, Frame)>,
) -> io::Result<()> {
    let mut offset = from;
    let mut buffer = vec![0; SEARCH_BYTES.min(segment.bytes.saturating_sub(from)) as usize];
    while offset < segment.bytes {
        let bytes = SEARCH_BYTES.min(segment.bytes - offset) as usize;
        if !crate::disk::read_exact_at(&*segment.file, offset, &mut buffer[..bytes])? {
            break;
        }
        for (idx, block) in buffer[..bytes].chunks(BLOCK).enumerate() {
            if frame::may_begin(block) {
                let at = offset + (idx * BLOCK) as u64;
                let frame = Frame::read(&*segment.file, at)?.filter(|frame| wanted(frame));
                found.extend(frame.map(|frame| (segment.name.clone(), frame)));
            }
        }
        offset += bytes as u64;
    }
    Ok(())
}
