//! How large a value is, and how much larger it may become.

use crate::json::own_bytes;
use crate::{Value, meter};

/// Upper bounds of a value's size and nesting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// As [`crate::ExpressionLimits::value_bytes_max`] counts; never 0.
    pub(crate) bytes: u32,
    /// 0 for a scalar, 1 for an empty array.
    pub(crate) depth: u16,
}

impl Extent {
    pub(crate) const SCALAR: Self = Self { bytes: size_of::<Value>() as u32, depth: 0 };

    /// The extent of an empty array or object.
    pub(crate) const EMPTY: Self = Self { depth: 1, ..Self::SCALAR };

    /// The exact extent. Ends the evaluation if it exceeds the limits, so the work is bounded by them even
    /// where sharing makes a small value exponentially large.
    pub(crate) fn of(value: &Value) -> Self {
        let limits = meter::limits();
        let mut measure = Measure {
            bytes: 0,
            bytes_max: limits.value_bytes_max as usize,
            depth_max: limits.depth_max,
            values: 0,
        };
        let depth = measure.add(value, 0);
        meter::charge(measure.values / 8);
        Self { bytes: u32::try_from(measure.bytes).unwrap_or(u32::MAX), depth }
    }

    /// The extent after something of extent `part` was put beside what is there.
    pub(crate) fn beside(self, part: Self) -> Self {
        Self { bytes: self.bytes.saturating_add(part.bytes), depth: self.depth.max(part.depth) }
    }

    /// The extent after something of extent `part` was put inside.
    pub(crate) fn containing(self, part: Self) -> Self {
        self.beside(Self { bytes: part.bytes, depth: part.depth.saturating_add(1) })
    }

    /// Whether it is within the limits of the running evaluation.
    pub(crate) fn fits(self) -> bool {
        let limits = meter::limits();
        self.bytes <= limits.value_bytes_max && self.depth <= limits.depth_max
    }
}

struct Measure {
    bytes: usize,
    bytes_max: usize,
    depth_max: u16,
    values: usize,
}

impl Measure {
    /// Adds a value that stands at `level` and returns its depth.
    fn add(&mut self, value: &Value, level: u16) -> u16 {
        self.values += 1;
        self.bytes = self.bytes.saturating_add(own_bytes(value));
        if self.bytes > self.bytes_max {
            meter::too_large();
        }
        let container = matches!(value, Value::Arr(_) | Value::Obj(_));
        if container && level >= self.depth_max {
            meter::too_deep();
        }
        match value {
            Value::Arr(items) => {
                let depths = items.iter().map(|item| self.add(item, level + 1));
                1 + depths.max().unwrap_or(0)
            }
            Value::Obj(map) => {
                let depths = map
                    .iter()
                    .map(|(key, value)| self.add(key, level + 1).max(self.add(value, level + 1)));
                1 + depths.max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}
