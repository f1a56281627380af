//! Numbers, flags, texts, ids, names and times.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_engine::Path;
use motet_engine::event::EventKey;
use motet_types::{
    Attempt, Digest, InstanceId, Label, StepId, TaskId, Timestamp, Version, WorkflowName,
    WorkflowRef,
};

use crate::Error;
use crate::field::{Field, Item, message};
use crate::wire::{Reader, Wire, Writer};

/// Unsigned numbers; 0 is the default.
macro_rules! number {
    ($($type:ty),+) => {
        $(impl Item for $type {
            const WIRE: Wire = Wire::Varint;

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                writer.varint(u64::from(*self));
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                let number = reader.varint()?;
                Self::try_from(number).map_err(|_| reader.malformed("a number is out of range"))
            }

            fn default_item() -> Option<Self> {
                Some(0)
            }

            fn is_default(&self) -> bool {
                *self == 0
            }
        })+
    };
}

/// Numbers with a meaning, from 0.
macro_rules! numbered {
    ($($type:ident),+) => {
        $(impl Item for $type {
            const WIRE: Wire = Wire::Varint;

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                self.0.write(writer);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                Item::read(reader).map($type)
            }

            fn default_item() -> Option<Self> {
                Some(Self(0))
            }

            fn is_default(&self) -> bool {
                self.0 == 0
            }
        })+
    };
}

/// Raw bytes of a fixed length. They have no default: all zeros are an id like any other.
macro_rules! raw {
    ($($type:ident),+) => {
        $(impl Item for $type {
            const WIRE: Wire = Wire::Bytes;

            fn write(&self, writer: &mut Writer<'_>) {
                writer.bytes(&self.0);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                let bytes = reader.bytes()?.try_into();
                bytes.map($type).map_err(|_| reader.malformed("an id has another length"))
            }
        })+
    };
}

number!(u16, u32, u64);
numbered!(StepId, TaskId, Attempt);
raw!(InstanceId, Digest, Path, EventKey);

message!(WorkflowName { 1 namespace, 2 name });
message!(WorkflowRef { 1 workflow, 2 version });

impl Item for bool {
    const WIRE: Wire = Wire::Varint;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.varint(u64::from(*self));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.varint()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(reader.malformed("a flag is neither 0 nor 1")),
        }
    }

    fn default_item() -> Option<Self> {
        Some(false)
    }

    fn is_default(&self) -> bool {
        !*self
    }
}

/// Microseconds since 1970, signed.
impl Item for Timestamp {
    const WIRE: Wire = Wire::Varint;

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.zigzag(self.as_micros());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.zigzag().map(Self::from_micros)
    }

    fn default_item() -> Option<Self> {
        Some(Self::default())
    }

    fn is_default(&self) -> bool {
        self.as_micros() == 0
    }
}

/// Whole seconds and nanoseconds.
impl Item for Duration {
    const WIRE: Wire = Wire::Message;

    fn write(&self, writer: &mut Writer<'_>) {
        (self.as_secs(), self.subsec_nanos()).write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (seconds, nanos) = Item::read(reader)?;
        if nanos < 1_000_000_000 {
            Ok(Self::new(seconds, nanos))
        } else {
            Err(reader.malformed("a duration has more than a second of nanoseconds"))
        }
    }

    fn default_item() -> Option<Self> {
        Some(Self::ZERO)
    }

    fn is_default(&self) -> bool {
        self.is_zero()
    }
}

impl Item for String {
    const WIRE: Wire = Wire::Bytes;

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.text().map(Self::from)
    }

    fn default_item() -> Option<Self> {
        Some(Self::new())
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl Item for Arc<str> {
    const WIRE: Wire = Wire::Bytes;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.text().map(Self::from)
    }

    fn default_item() -> Option<Self> {
        Some(Self::from(""))
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl Item for Bytes {
    const WIRE: Wire = Wire::Bytes;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.bytes().map(Self::copy_from_slice)
    }

    fn default_item() -> Option<Self> {
        Some(Self::new())
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl Item for Label {
    const WIRE: Wire = Wire::Bytes;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.as_str().as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let text = reader.text()?;
        parse(text, "a name is not a label", reader)
    }
}

/// The parts of a version (Semantic Versioning 2.0.0), because printing it would allocate.
impl Item for Version {
    const WIRE: Wire = Wire::Message;

    fn write(&self, writer: &mut Writer<'_>) {
        self.major.put(1, writer);
        self.minor.put(2, writer);
        self.patch.put(3, writer);
        put_text(self.pre.as_str(), 4, writer);
        put_text(self.build.as_str(), 5, writer);
        writer.end();
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut version = Self::new(0, 0, 0);
        while let Some((number, wire)) = reader.field()? {
            match (number, wire) {
                (1, Wire::Varint) => version.major = reader.varint()?,
                (2, Wire::Varint) => version.minor = reader.varint()?,
                (3, Wire::Varint) => version.patch = reader.varint()?,
                (4, Wire::Bytes) => {
                    version.pre = parse(reader.text()?, "a pre-release is not one", reader)?;
                }
                (5, Wire::Bytes) => {
                    version.build = parse(reader.text()?, "a build is not one", reader)?;
                }
                (1..=5, _) => return Err(reader.malformed("a field has another layout")),
                _ => reader.skip(wire)?,
            }
        }
        Ok(version)
    }
}

fn put_text(text: &str, number: u32, writer: &mut Writer<'_>) {
    if !text.is_empty() {
        writer.tag(number, Wire::Bytes);
        writer.bytes(text.as_bytes());
    }
}

fn parse<T: FromStr>(text: &str, what: &'static str, reader: &Reader<'_>) -> Result<T, Error> {
    text.parse().map_err(|_| reader.malformed(what))
}
