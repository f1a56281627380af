//! Which instances a list, a count or a bulk command means.

use std::fmt::Display;
use std::str::FromStr;

use motet_runtime::{AttributeFilter, AttributeTest, InstanceFilter, Position};
use motet_types::{Status, Version};

use crate::problem::Problem;
use crate::query::{Query, read};
use crate::request::Request;

/// The filter of the query's parameters, narrowed to what the caller may see.
pub(super) fn filter(request: &Request) -> Result<InstanceFilter, Problem> {
    let query = &request.query;
    let (namespace, workflow) = workflow(query)?;
    let statuses = query.list("status").map(|word| read::<Status>("status", word));
    Ok(InstanceFilter {
        namespaces: request.visible(namespace.as_deref())?,
        namespace,
        workflow,
        version: query.parsed::<Version>("version")?.map(|version| version.to_string()),
        statuses: statuses.collect::<Result<_, _>>()?,
        parent: query.parsed("parent")?,
        business_key: query.text("businessKey").map(str::to_owned),
        attributes: attributes(query)?,
        from: query.parsed("from")?,
        to: query.parsed("to")?,
        incidents: query.switch("incidents")?,
    })
}

/// The word for everything that was acknowledged before the request.
const LATEST: &str = "latest";

/// The position that an answer must cover.
pub(super) fn at(request: &Request) -> Result<Option<Position>, Problem> {
    match request.query.text("at") {
        Some(LATEST) => Ok(Some(request.handle().position())),
        _ => Ok(request.query.parsed("at")?.map(Position)),
    }
}

/// Where a page begins, and the position that it must cover.
pub(super) fn page<C>(request: &Request) -> Result<(Option<C>, Option<Position>), Problem>
where
    C: FromStr<Err: Display>,
{
    Ok((request.query.parsed("cursor")?, at(request)?))
}

/// Search attributes that one list may be asked for.
const ATTRIBUTES_MAX: usize = 8;

/// `attribute.NAME`, `attribute.NAME.from` and `attribute.NAME.to`; names have no dots.
fn attributes(query: &Query) -> Result<Vec<AttributeFilter>, Problem> {
    let mut filters = Vec::new();
    for (name, text) in query.named("attribute.") {
        let text = text.to_owned();
        let (name, test) = match name.split_once('.') {
            None => (name, AttributeTest::Equal(text)),
            Some((name, "from")) => (name, AttributeTest::AtLeast(text)),
            Some((name, "to")) => (name, AttributeTest::Below(text)),
            Some(_) => {
                let why = "after the name comes nothing, `.from` or `.to`";
                return Err(Problem::invalid(&format!("attribute.{name}"), why));
            }
        };
        filters.push(AttributeFilter { name: name.to_owned(), test });
    }
    if filters.len() > ATTRIBUTES_MAX {
        let why = format!("at most {ATTRIBUTES_MAX} search attributes can be asked for at once");
        return Err(Problem::invalid("attribute", why));
    }
    Ok(filters)
}

/// Namespace and name: `workflow` may hold both, and then no other namespace may be given.
fn workflow(query: &Query) -> Result<(Option<String>, Option<String>), Problem> {
    let namespace = query.text("namespace").map(str::to_owned);
    let Some(workflow) = query.text("workflow") else {
        return Ok((namespace, None));
    };
    match workflow.split_once('/') {
        None => Ok((namespace, Some(workflow.to_owned()))),
        Some((within, name)) if namespace.as_deref().is_none_or(|other| other == within) => {
            Ok((Some(within.to_owned()), Some(name.to_owned())))
        }
        Some(_) => {
            Err(Problem::invalid("workflow", "it names another namespace than `namespace` does"))
        }
    }
}
