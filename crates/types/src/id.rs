use std::fmt;
use std::str::FromStr;

use crate::Timestamp;
use crate::hex::{Hex, ascii, digits};

/// One of the 256 units of order and ownership, or the catalog, which is ordered like a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

impl ShardId {
    /// Number of shards that hold instances; fixed for ever, because ids carry their shard.
    pub const COUNT: u16 = 256;
    /// The pseudo shard of what belongs to no instance.
    pub const CATALOG: Self = Self(Self::COUNT);

    /// The shard of a start: a fixed hash of the three parts, never changed between versions.
    ///
    /// [`fnv1a`] over the parts, each closed by a zero byte, folded to 8 bits.
    pub fn of_start(namespace: &str, workflow: &str, start_key: &str) -> Self {
        let parts = [namespace, workflow, start_key];
        let hash = fnv1a(parts.into_iter().flat_map(|part| part.bytes().chain([0])));
        let folded = hash ^ (hash >> 32);
        let folded = folded ^ (folded >> 16);
        Self(((folded ^ (folded >> 8)) & 0xff) as u16)
    }

    /// The shard of the topic of a type of events; no type stands for the topic of all events of the namespace. Never changed
    /// between versions. (No workflow has an empty name, so topics and starts are apart.)
    pub fn of_topic(namespace: &str, kind: Option<&str>) -> Self {
        Self::of_start(namespace, "", kind.unwrap_or_default())
    }

    /// All shards that hold instances, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }
}

/// FNV-1a (Fowler, Noll, Vo; 64 bit): fixed, so that what is made of it stays the same between versions.
pub fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Id of an instance: a UUID of version 7 (RFC 9562 §5.7) whose `rand_a` carries the shard.
///
/// Rows stay in time order, and any server finds the shard from the id alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub [u8; 16]);

impl InstanceId {
    /// The id of an instance of `shard` created at `now`; `random` fills the 62 free bits.
    pub fn new(now: Timestamp, shard: ShardId, random: u64) -> Self {
        let millis = (now.as_micros().max(0) as u64) / 1_000;
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[7] = (shard.0 & 0xff) as u8;
        bytes[8..].copy_from_slice(&random.to_be_bytes());
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The id under which the schedule of a workflow listens, which lives on `shard`: a UUID of version 8 (RFC 9562 §5.8).
    pub fn of_schedule(shard: ShardId, random: u64) -> Self {
        let mut id = Self::new(Timestamp::default(), shard, random);
        id.0[6] = 0x80;
        id
    }

    /// Whether the id has the form that instances get; no other id was ever given to one.
    pub fn is_of_instance(&self) -> bool {
        self.0[6] == 0x70
    }

    /// The shard that owns the instance.
    pub fn shard(&self) -> ShardId {
        ShardId(u16::from(self.0[7]))
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids are printed several times for each call.
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.iter().zip(DIGIT_PLACES) {
            text[at..at + 2].copy_from_slice(&digits(*byte));
        }
        f.write_str(ascii(&text))
    }
}

/// Where the digits of each byte of an id stand in its text; a hyphen stands everywhere else.
const DIGIT_PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InstanceId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseIdError(text.to_owned());
        if text.len() != 36 || !text.is_ascii() {
            return Err(error());
        }
        let hyphens_stand_right = text
            .bytes()
            .enumerate()
            .all(|(idx, byte)| (byte == b'-') == matches!(idx, 8 | 13 | 18 | 23));
        if !hyphens_stand_right {
            return Err(error());
        }
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = hex_digit(pair[0]).ok_or_else(error)? << 4
                | hex_digit(pair[1]).ok_or_else(error)?;
        }
        Ok(Self(bytes))
    }
}

/// The text is not an id of the expected form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an id: expected hexadecimal digits, as in 0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
)]
pub struct ParseIdError(pub String);

/// One activation of a task within an instance, numbered from 0 (the workflow itself) in order of activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);

/// Place of a task in the expanded document: its ordinal in document order, never an arena index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// One try of a step, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// BLAKE3 digest of canonical content; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseIdError(text.to_owned());
        if text.len() != 64 {
            return Err(error());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = hex_digit(pair[0]).ok_or_else(error)? << 4
                | hex_digit(pair[1]).ok_or_else(error)?;
        }
        Ok(Self(bytes))
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Id of a job or a person's task: `<instance>.<step>`, and for workers `.<attempt>`, which they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId {
    pub instance: InstanceId,
    pub step: StepId,
    pub attempt: Option<Attempt>,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.instance, self.step)?;
        self.attempt.map_or(Ok(()), |attempt| write!(f, ".{attempt}"))
    }
}

impl FromStr for JobId {
    type Err = ParseJobIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseJobIdError(text.to_owned());
        let number = |part: &str| {
            let is_plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| is_plain).ok_or_else(error)
        };
        let mut parts = text.split('.');
        let instance = parts.next().and_then(|part| part.parse().ok()).ok_or_else(error)?;
        let step = StepId(parts.next().ok_or_else(error).and_then(number)?);
        let attempt = parts.next().map(number).transpose()?.map(Attempt);
        match parts.next() {
            None => Ok(Self { instance, step, attempt }),
            Some(_) => Err(error()),
        }
    }
}

/// The text is not the id of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the id of a job: expected an instance, a step and an attempt, \
     as in 0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f.3.1"
)]
pub struct ParseJobIdError(pub String);
