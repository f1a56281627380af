//! How typed fields stand in messages: once, perhaps, or repeatedly. The two macros turn a table of field numbers into
//! both directions at once, so that they cannot differ.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use motet_engine::{Steps, Timers};

use crate::Error;
use crate::wire::{Reader, Wire, Writer};

/// Something that stands as one field.
pub(crate) trait Item: Sized {
    const WIRE: Wire;

    /// Writes it without its tag.
    fn write(&self, writer: &mut Writer<'_>);

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// What an absent field means; `None` if it must be there.
    fn default_item() -> Option<Self> {
        None
    }

    /// Whether it is the default, which is not written.
    fn is_default(&self) -> bool {
        false
    }
}

/// Something that stands as any number of fields of one number.
pub(crate) trait Field: Sized {
    fn put(&self, number: u32, writer: &mut Writer<'_>);

    /// Takes one occurrence.
    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error>;

    /// What the occurrences amount to, once the message has ended.
    fn finish(slot: Option<Self>, reader: &Reader<'_>) -> Result<Self, Error>;
}

/// Implements [`Item`] for a struct: `message!(Type { number field, … })`.
macro_rules! message {
    ($type:ident { $($number:literal $field:ident),+ $(,)? }) => {
        impl $crate::field::Item for $type {
            const WIRE: $crate::wire::Wire = $crate::wire::Wire::Message;

            fn write(&self, writer: &mut $crate::wire::Writer<'_>) {
                let Self { $($field),+ } = self;
                $($crate::field::Field::put($field, $number, writer);)+
                writer.end();
            }

            fn read(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::Error> {
                $(let mut $field = None;)+
                while let Some((number, wire)) = reader.field()? {
                    match number {
                        $($number => $crate::field::Field::take(&mut $field, wire, reader)?,)+
                        _ => reader.skip(wire)?,
                    }
                }
                Ok(Self { $($field: $crate::field::Field::finish($field, reader)?),+ })
            }
        }
    };
}

/// Implements [`Item`] for an enum: `variants!("name", Type { number Variant { number field, … }, … })`.
macro_rules! variants {
    ($what:literal, $type:ty { $(
        $number:literal $variant:ident
            $({ $($field_number:literal $field:ident),+ $(,)? })?
            $(( $inner_number:literal $inner:ident ))?
    ),+ $(,)? }) => {
        impl $crate::field::Item for $type {
            const WIRE: $crate::wire::Wire = $crate::wire::Wire::Variant;

            fn write(&self, writer: &mut $crate::wire::Writer<'_>) {
                match self {
                    $(Self::$variant $({ $($field),+ })? $(($inner))? => {
                        writer.varint($number);
                        $($($crate::field::Field::put($field, $field_number, writer);)+)?
                        $($crate::field::Field::put($inner, $inner_number, writer);)?
                    })+
                }
                writer.end();
            }

            fn read(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::Error> {
                let offset = reader.offset();
                let variant = reader.varint()?;
                #[cfg(test)]
                $crate::tests::coverage::saw($what, variant);
                match variant {
                    $($number => {
                        $($(let mut $field = None;)+)?
                        $(let mut $inner = None;)?
                        while let Some((number, wire)) = reader.field()? {
                            match number {
                                $($($field_number => {
                                    $crate::field::Field::take(&mut $field, wire, reader)?
                                })+)?
                                $($inner_number => {
                                    $crate::field::Field::take(&mut $inner, wire, reader)?
                                })?
                                _ => reader.skip(wire)?,
                            }
                        }
                        Ok(Self::$variant
                            $({ $($field: $crate::field::Field::finish($field, reader)?),+ })?
                            $(($crate::field::Field::finish($inner, reader)?))?
                        )
                    })+
                    number => Err($crate::Error::Unknown { what: $what, number, offset }),
                }
            }
        }

        #[cfg(test)]
        impl $crate::tests::coverage::Variants for $type {
            const WHAT: &'static str = $what;
            const VARIANTS: &'static [(u64, &'static str)] =
                &[$(($number, stringify!($variant))),+];
        }
    };
}

pub(crate) use {message, variants};

impl<T: Item> Field for T {
    #[inline]
    fn put(&self, number: u32, writer: &mut Writer<'_>) {
        if !self.is_default() {
            put_item(self, number, writer);
        }
    }

    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error> {
        *slot = Some(take_item(wire, reader)?);
        Ok(())
    }

    fn finish(slot: Option<Self>, reader: &Reader<'_>) -> Result<Self, Error> {
        let missing = || reader.malformed("a field that must be there is absent");
        slot.or_else(T::default_item).ok_or_else(missing)
    }
}

impl<T: Item> Field for Option<T> {
    #[inline]
    fn put(&self, number: u32, writer: &mut Writer<'_>) {
        if let Some(item) = self {
            put_item(item, number, writer);
        }
    }

    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error> {
        *slot = Some(Some(take_item(wire, reader)?));
        Ok(())
    }

    fn finish(slot: Option<Self>, _: &Reader<'_>) -> Result<Self, Error> {
        Ok(slot.flatten())
    }
}

/// Implements [`Field`] for a collection of items, one field each.
macro_rules! repeated {
    ($collection:ident, $add:ident $(, $bound:ident)?) => {
        impl<T: Item $(+ $bound)?> Field for $collection<T> {
            fn put(&self, number: u32, writer: &mut Writer<'_>) {
                for item in self {
                    put_item(item, number, writer);
                }
            }

            fn take(
                slot: &mut Option<Self>,
                wire: Wire,
                reader: &mut Reader<'_>,
            ) -> Result<(), Error> {
                let item = take_item(wire, reader)?;
                slot.get_or_insert_default().$add(item);
                Ok(())
            }

            fn finish(slot: Option<Self>, _: &Reader<'_>) -> Result<Self, Error> {
                Ok(slot.unwrap_or_default())
            }
        }
    };
}

repeated!(Vec, push);
repeated!(VecDeque, push_back);
repeated!(BTreeSet, insert, Ord);

/// A map stands as its entries, each a message of key and value.
impl<K: Field + Ord, V: Field> Field for BTreeMap<K, V> {
    fn put(&self, number: u32, writer: &mut Writer<'_>) {
        for (key, value) in self {
            writer.tag(number, Wire::Message);
            key.put(1, writer);
            value.put(2, writer);
            writer.end();
        }
    }

    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error> {
        let (key, value) = take_item(wire, reader)?;
        slot.get_or_insert_default().insert(key, value);
        Ok(())
    }

    fn finish(slot: Option<Self>, _: &Reader<'_>) -> Result<Self, Error> {
        Ok(slot.unwrap_or_default())
    }
}

impl Field for Timers {
    fn put(&self, number: u32, writer: &mut Writer<'_>) {
        for timer in self.iter() {
            put_item(timer, number, writer);
        }
    }

    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error> {
        let timer = take_item(wire, reader)?;
        slot.get_or_insert_default().insert(timer);
        Ok(())
    }

    fn finish(slot: Option<Self>, _: &Reader<'_>) -> Result<Self, Error> {
        Ok(slot.unwrap_or_default())
    }
}

/// Steps stand as a map does.
impl Field for Steps {
    fn put(&self, number: u32, writer: &mut Writer<'_>) {
        for (id, step) in self.iter() {
            writer.tag(number, Wire::Message);
            id.put(1, writer);
            step.put(2, writer);
            writer.end();
        }
    }

    fn take(slot: &mut Option<Self>, wire: Wire, reader: &mut Reader<'_>) -> Result<(), Error> {
        let (id, step) = take_item(wire, reader)?;
        slot.get_or_insert_default().insert(id, step);
        Ok(())
    }

    fn finish(slot: Option<Self>, _: &Reader<'_>) -> Result<Self, Error> {
        Ok(slot.unwrap_or_default())
    }
}

/// Implements [`Item`] for tuples: messages whose fields are numbered from 1.
macro_rules! tuple {
    ($($number:literal $name:ident $type:ident),+) => {
        impl<$($type: Field),+> Item for ($($type,)+) {
            const WIRE: Wire = Wire::Message;

            fn write(&self, writer: &mut Writer<'_>) {
                let ($($name,)+) = self;
                $($name.put($number, writer);)+
                writer.end();
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                $(let mut $name = None;)+
                while let Some((number, wire)) = reader.field()? {
                    match number {
                        $($number => Field::take(&mut $name, wire, reader)?,)+
                        _ => reader.skip(wire)?,
                    }
                }
                Ok(($(Field::finish($name, reader)?,)+))
            }
        }
    };
}

tuple!(1 first A, 2 second B);
tuple!(1 first A, 2 second B, 3 third C);

/// Pointers stand as what they point to.
macro_rules! pointer {
    ($pointer:ident) => {
        impl<T: Item> Item for $pointer<T> {
            const WIRE: Wire = T::WIRE;

            fn write(&self, writer: &mut Writer<'_>) {
                T::write(self, writer);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                T::read(reader).map(Self::new)
            }

            fn default_item() -> Option<Self> {
                T::default_item().map(Self::new)
            }

            fn is_default(&self) -> bool {
                T::is_default(self)
            }
        }
    };
}

pointer!(Arc);
pointer!(Box);

fn put_item<T: Item>(item: &T, number: u32, writer: &mut Writer<'_>) {
    writer.tag(number, T::WIRE);
    writer.enter();
    item.write(writer);
    writer.leave();
}

fn take_item<T: Item>(wire: Wire, reader: &mut Reader<'_>) -> Result<T, Error> {
    reader.expect(T::WIRE, wire)?;
    reader.enter()?;
    let item = T::read(reader)?;
    reader.leave();
    Ok(item)
}
