use std::fmt::{self, Write as _};
use std::rc::Rc;

use crate::work::spend;

/// A JSON Pointer (RFC 6901) into a document; the root is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of `key` in the object that `self` points to.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + key.len() + 1);
        text.push_str(&self.0);
        push_key(&mut text, key);
        spend(text.len());
        Self(text)
    }

    /// The element `index` of the array that `self` points to.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        spend(self.0.len());
        Self(format!("{}/{index}", self.0))
    }

    /// The value that `inner`, an escaped pointer, points to from here.
    #[must_use]
    pub(crate) fn join(&self, inner: &str) -> Self {
        Self(format!("{}{inner}", self.0))
    }

    /// What holds the value that `self` points to; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let end = self.0.rfind('/')?;
        Some(Self(self.0[..end].to_owned()))
    }

    /// Whether `self` points to the same value as `other` or to one around it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The unescaped segments, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = String> {
        let escaped = self.0.split('/').skip(1);
        escaped.map(|segment| segment.replace("~1", "/").replace("~0", "~"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Pointer {
    /// Takes text that is already escaped.
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A pointer under construction: children share their parents, so that walking a document costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path<'a>(Option<Rc<Link<'a>>>);

#[derive(Debug)]
struct Link<'a> {
    parent: Path<'a>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(crate) fn key(&self, key: &'a str) -> Self {
        self.child(Segment::Key(key))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.child(Segment::Index(index))
    }

    pub(crate) fn pointer(&self) -> Pointer {
        let mut segments = Vec::new();
        let mut path = self;
        while let Some(link) = &path.0 {
            segments.push(link.segment);
            path = &link.parent;
        }
        let mut text = String::new();
        for segment in segments.iter().rev() {
            match segment {
                Segment::Key(key) => push_key(&mut text, key),
                // Writing to a string cannot fail.
                Segment::Index(index) => drop(write!(text, "/{index}")),
            }
        }
        spend(text.len());
        Pointer(text)
    }

    fn child(&self, segment: Segment<'a>) -> Self {
        Self(Some(Rc::new(Link { parent: self.clone(), segment })))
    }
}

fn push_key(text: &mut String, key: &str) {
    text.push('/');
    for letter in key.chars() {
        match letter {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Pointer};

    #[test]
    fn a_path_becomes_the_pointer_that_its_steps_make() {
        let keys = ["a", "", "a/b", "m~n", "~1", "\u{e9}", " "];
        let root = Path::default();
        assert_eq!((root.pointer(), Pointer::root().as_str()), (Pointer::root(), ""));
        for (first, second) in keys.iter().flat_map(|one| keys.map(|other| (*one, other))) {
            let path = root.key(first).index(12).key(second);
            let pointer = Pointer::root().key(first).index(12).key(second);
            assert_eq!(path.pointer(), pointer);
            let segments: Vec<String> = pointer.segments().collect();
            assert_eq!(segments, [first, "12", second], "{pointer}");
            assert_eq!(pointer.parent(), Some(Pointer::root().key(first).index(12)));
        }
    }

    #[test]
    fn a_pointer_contains_what_is_at_or_below_it() {
        for (outer, inner, expected) in [
            ("", "", true),
            ("", "/a", true),
            ("/a", "/a", true),
            ("/a", "/a/0", true),
            ("/a", "/ab", false),
            ("/a/0", "/a", false),
            ("/a", "/b/a", false),
        ] {
            let contains = Pointer::from(outer).contains(&Pointer::from(inner));
            assert_eq!(contains, expected, "{outer:?} and {inner:?}");
        }
    }
}
