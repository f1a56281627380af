//! Tests of search attributes, as people write them.

use std::str::FromStr;

/// A test of a search attribute, as the API takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributeTest {
    /// Name of the query's parameter.
    pub(crate) parameter: String,
    pub(crate) value: String,
}

impl FromStr for AttributeTest {
    type Err = String;

    /// `NAME=VALUE`, `NAME>=VALUE` or `NAME<VALUE`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is no test: write NAME=VALUE, NAME>=VALUE or NAME<VALUE");
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let end = text.find(|c| !is_name(c)).filter(|end| *end > 0).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(end);
        let operators = [(">=", ".from"), ("<", ".to"), ("=", "")];
        let found = operators.iter().find_map(|(operator, suffix)| {
            rest.strip_prefix(operator).map(|value| (suffix, value.to_owned()))
        });
        let (suffix, value) = found.ok_or_else(wrong)?;
        Ok(Self { parameter: format!("attribute.{name}{suffix}"), value })
    }
}

#[cfg(test)]
mod tests {
    use super::AttributeTest;

    #[test]
    fn tests_become_parameters() {
        let table = [
            ("customer=Ada", Some("attribute.customer=Ada")),
            ("total>=10.5", Some("attribute.total.from=10.5")),
            ("total<20", Some("attribute.total.to=20")),
            ("formula=a<b", Some("attribute.formula=a<b")),
            ("empty=", Some("attribute.empty=")),
            ("total>20", None),
            ("total", None),
            ("=x", None),
            ("a.b=x", None),
        ];
        for (text, expected) in table {
            let test = text.parse::<AttributeTest>().ok();
            let shown = test.map(|test| format!("{}={}", test.parameter, test.value));
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
