//! The operators of jq over [`Bounded`] values.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use bytes::Bytes;
use jaq_core::Error;
use jaq_core::ops::Math;

use crate::bounded::{Bounded, BoundedR};
use crate::{Num, Value, meter, order};

impl Add for Bounded {
    type Output = BoundedR;

    fn add(mut self, mut other: Self) -> BoundedR {
        let extent = match (&self.value, &other.value) {
            (Value::Null, _) => return Ok(other),
            (_, Value::Null) => return Ok(self),
            (Value::Num(left), Value::Num(right)) => {
                return Ok(Self::number(left.clone() + right.clone()));
            }
            (Value::TStr(left), Value::TStr(right)) => {
                let text = [&left[..], &right[..]].concat();
                meter::charge(text.len());
                return Ok(Self::slice_of_text(text.into()));
            }
            (Value::Arr(left), Value::Arr(right)) => {
                meter::charge(right.len() * size_of::<Value>() + left.len() / 2);
                self.extent().beside(other.extent())
            }
            (Value::Obj(left), Value::Obj(right)) => {
                meter::charge(right.len() * 3 * size_of::<Value>() + left.len());
                self.extent().beside(other.extent())
            }
            _ => return Err(Error::math(self, Math::Add, other)),
        };
        let value = match (self.value, other.value) {
            (Value::Arr(mut left), Value::Arr(right)) => {
                Arc::make_mut(&mut left).extend(right.iter().cloned());
                Value::Arr(left)
            }
            (Value::Obj(mut left), Value::Obj(right)) => {
                let members = right.iter().map(|(key, value)| (key.clone(), value.clone()));
                Arc::make_mut(&mut left).extend(members);
                Value::Obj(left)
            }
            _ => unreachable!("only containers come here"),
        };
        Ok(Self::made(value, extent))
    }
}

impl Sub for Bounded {
    type Output = BoundedR;

    fn sub(self, other: Self) -> BoundedR {
        match (&self.value, &other.value) {
            (Value::Num(left), Value::Num(right)) => Ok(Self::number(left.clone() - right.clone())),
            (Value::Arr(left), Value::Arr(right)) => {
                let mut sorted: Vec<&Value> = right.iter().collect();
                sorted.sort_by(|left, right| order::compare(left, right));
                let absent =
                    |item: &&Value| sorted.binary_search_by(|probe| order::compare(probe, item));
                let rest = left.iter().filter(|item| absent(item).is_err());
                Ok(rest.cloned().map(Self::from).collect())
            }
            _ => Err(Error::math(self, Math::Sub, other)),
        }
    }
}

impl Mul for Bounded {
    type Output = BoundedR;

    fn mul(mut self, mut other: Self) -> BoundedR {
        match (&self.value, &other.value) {
            (Value::Num(left), Value::Num(right)) => Ok(Self::number(left.clone() * right.clone())),
            (Value::TStr(text), Value::Num(times)) | (Value::Num(times), Value::TStr(text)) => {
                Ok(repeat(text, times))
            }
            (Value::Obj(_), Value::Obj(_)) => {
                let extent = self.extent().beside(other.extent());
                meter::charge(extent.bytes as usize);
                match self.value * other.value {
                    Ok(merged) => Ok(Self::made(merged, extent)),
                    Err(_) => unreachable!("objects merge"),
                }
            }
            _ => Err(Error::math(self, Math::Mul, other)),
        }
    }
}

impl Div for Bounded {
    type Output = BoundedR;

    fn div(self, other: Self) -> BoundedR {
        match (&self.value, &other.value) {
            (Value::Num(_), Value::Num(right)) if *right == Num::Int(0) => {
                Err(Error::math(self, Math::Div, other))
            }
            (Value::Num(left), Value::Num(right)) => Ok(Self::number(left.clone() / right.clone())),
            (Value::TStr(text), Value::TStr(separator)) => {
                meter::charge(text.len());
                Ok(split(text, separator).collect())
            }
            _ => Err(Error::math(self, Math::Div, other)),
        }
    }
}

impl Rem for Bounded {
    type Output = BoundedR;

    fn rem(self, other: Self) -> BoundedR {
        match (&self.value, &other.value) {
            (Value::Num(left), Value::Num(right)) => match (truncated(left), truncated(right)) {
                (Some(_), Some(Num::Int(0))) => Err(Error::math(self, Math::Rem, other)),
                (Some(left), Some(right)) => Ok(Self::number(left % right)),
                _ => Ok(Self::from(f64::NAN)),
            },
            _ => Err(Error::math(self, Math::Rem, other)),
        }
    }
}

/// The whole part of a number, as a remainder takes it; `None` of NaN.
fn truncated(number: &Num) -> Option<Num> {
    if let Num::Int(_) | Num::BigInt(_) = number {
        return Some(number.clone());
    }
    let double = jaq_std::ValT::as_f64(&Value::Num(number.clone()))?;
    // What is beyond an integer becomes the greatest one, as in jq.
    (!double.is_nan()).then_some(Num::Int(double as isize))
}

impl Neg for Bounded {
    type Output = BoundedR;

    fn neg(self) -> BoundedR {
        match self.value {
            Value::Num(number) => Ok(Self::number(-number)),
            _ => Err(Error::typ(self, "number")),
        }
    }
}

fn repeat(text: &Bytes, times: &Num) -> Bounded {
    let times = match times {
        Num::Int(times) => usize::try_from(*times).unwrap_or(0),
        Num::BigInt(_) if *times > Num::Int(0) => usize::MAX,
        Num::BigInt(_) => 0,
        // jq rounds a fraction up: any positive number repeats at least once.
        number => jaq_std::ValT::as_f64(&Value::Num(number.clone()))
            .map_or(0, |times| times.ceil() as usize),
    };
    if times == 0 {
        return Value::Null.into();
    }
    match text.len().checked_mul(times) {
        Some(bytes) if bytes <= meter::limits().value_bytes_max as usize => {
            meter::charge(bytes);
            Bounded::slice_of_text(text.repeat(times).into())
        }
        _ => meter::too_large(),
    }
}

fn split<'t>(text: &'t Bytes, separator: &'t Bytes) -> Box<dyn Iterator<Item = Bounded> + 't> {
    let (Ok(whole), Ok(separator)) = (std::str::from_utf8(text), std::str::from_utf8(separator))
    else {
        unreachable!("text is UTF-8")
    };
    let part = |part: &str| Bounded::slice_of_text(text.slice_ref(part.as_bytes()));
    if whole.is_empty() {
        Box::new(std::iter::empty())
    } else if separator.is_empty() {
        let mut buffer = [0; 4];
        Box::new(
            whole
                .chars()
                .map(move |c| Bounded::text(c.encode_utf8(&mut buffer).as_bytes().to_vec())),
        )
    } else {
        Box::new(whole.split(separator).map(part))
    }
}
