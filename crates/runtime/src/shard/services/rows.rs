//! The registry as rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::service::parse_service;
use motet_expr::json;
use motet_store::{RowChange, Value};
use motet_types::{Digest, Limits, ServiceName, Timestamp};

use super::Origin;
use super::change::{Change, ServiceDocument};
use super::details::Details;
use super::endpoint::{EndpointId, Entry};
use crate::tables::{ENDPOINT, SERVICE};

/// What recovery found: in the order of the tables, documents first.
pub(in crate::shard) type Row = (ServiceName, Change);

/// How the column `origin` says where an endpoint comes from. One of a document has a row only while it is drained.
const ORIGINS: [(i64, Origin); 3] =
    [(0, Origin::Document), (1, Origin::Registered), (2, Origin::Dns)];

impl Change {
    pub(super) fn row(&self, name: &ServiceName) -> RowChange {
        match self {
            Self::Document(Some(document)) => RowChange::Put {
                table: SERVICE.id,
                row: key(name)
                    .into_iter()
                    .chain([
                        Value::Text(document.source.to_string()),
                        Value::Blob(Bytes::copy_from_slice(&document.digest.0)),
                        Value::Int(document.at.as_micros()),
                        optional(document.by.as_deref()),
                    ])
                    .collect(),
            },
            Self::Document(None) => RowChange::Delete { table: SERVICE.id, key: key(name) },
            Self::Endpoint(id, Some(entry)) => {
                RowChange::Put { table: ENDPOINT.id, row: endpoint_row(name, id, entry) }
            }
            Self::Drained(id, true) => {
                let mut row = endpoint_key(name, id);
                row.extend([Value::Int(0), Value::Int(1)]);
                row.resize(ENDPOINT.columns.len(), Value::Null);
                RowChange::Put { table: ENDPOINT.id, row }
            }
            Self::Endpoint(id, None) | Self::Drained(id, false) => {
                RowChange::Delete { table: ENDPOINT.id, key: endpoint_key(name, id) }
            }
        }
    }
}

/// None if the row is not of the table's form, or its document not one of this version's.
pub(in crate::shard) fn read_service(row: &motet_store::Row) -> Option<Row> {
    let [_, _, Value::Text(source), Value::Blob(digest), Value::Int(at), by] = row.as_slice()
    else {
        return None;
    };
    let document = ServiceDocument {
        service: Arc::new(parse_service(source, &Limits::default()).service?),
        source: source.as_str().into(),
        digest: Digest(digest.as_ref().try_into().ok()?),
        at: Timestamp::from_micros(*at),
        by: text(by).map(Into::into),
    };
    Some((name(row)?, Change::Document(Some(Arc::new(document)))))
}

/// None if the row is not of the table's form.
pub(in crate::shard) fn read_endpoint(row: &motet_store::Row) -> Option<Row> {
    let [_, _, Value::Text(id), Value::Int(origin), Value::Int(drained), rest @ ..] =
        row.as_slice()
    else {
        return None;
    };
    let (name, id) = (name(row)?, id.parse::<EndpointId>().ok()?);
    let origin = ORIGINS.iter().find(|(number, _)| number == origin)?.1;
    if origin == Origin::Document {
        return Some((name, Change::Drained(id, *drained == 1)));
    }
    let [Value::Text(url), version, zone, Value::Int(weight), lease, metadata, end @ ..] = rest
    else {
        return None;
    };
    let [Value::Int(at), by, details] = end else { return None };
    let entry = Entry {
        url: url.parse().ok()?,
        version: match text(version) {
            Some(version) => Some(version.parse().ok()?),
            None => None,
        },
        zone: text(zone).map(str::to_owned),
        weight: u32::try_from(*weight).ok()?,
        lease: match lease {
            Value::Int(millis) => Some(Duration::from_millis(u64::try_from(*millis).ok()?)),
            _ => None,
        },
        metadata: read_metadata(text(metadata))?,
        origin,
        is_draining: *drained == 1,
        details: match text(details) {
            Some(details) => Some(Box::new(Details::read(details)?)),
            None => None,
        },
        at: Timestamp::from_micros(*at),
        by: text(by).map(Into::into),
    };
    Some((name, Change::Endpoint(id, Some(Arc::new(entry)))))
}

fn endpoint_row(name: &ServiceName, id: &EndpointId, entry: &Entry) -> Vec<Value> {
    let origin = ORIGINS.iter().find(|(_, origin)| *origin == entry.origin);
    let millis = |lease: Duration| i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    let mut row = endpoint_key(name, id);
    row.extend([
        Value::Int(origin.map_or(1, |(number, _)| *number)),
        Value::Int(i64::from(entry.is_draining)),
        Value::Text(entry.url.to_string()),
        optional(entry.version.as_ref().map(ToString::to_string).as_deref()),
        optional(entry.zone.as_deref()),
        Value::Int(i64::from(entry.weight)),
        entry.lease.map_or(Value::Null, |lease| Value::Int(millis(lease))),
        written(&entry.metadata),
        Value::Int(entry.at.as_micros()),
        optional(entry.by.as_deref()),
        optional(entry.details.as_ref().map(|details| details.write()).as_deref()),
    ]);
    row
}

fn key(name: &ServiceName) -> Vec<Value> {
    vec![Value::Text(name.namespace.to_string()), Value::Text(name.name.to_string())]
}

fn endpoint_key(name: &ServiceName, id: &EndpointId) -> Vec<Value> {
    let mut key = key(name);
    key.push(Value::Text(id.to_string()));
    key
}

fn name(row: &motet_store::Row) -> Option<ServiceName> {
    let [Value::Text(namespace), Value::Text(name), ..] = row.as_slice() else { return None };
    Some(ServiceName { namespace: namespace.parse().ok()?, name: name.parse().ok()? })
}

fn written(metadata: &BTreeMap<String, String>) -> Value {
    if metadata.is_empty() {
        return Value::Null;
    }
    let members = metadata.iter().map(|(key, value)| (key.clone(), json::string(value.as_str())));
    Value::Text(json::to_text(&json::object(members)))
}

fn read_metadata(text: Option<&str>) -> Option<BTreeMap<String, String>> {
    let Some(text) = text else { return Some(BTreeMap::new()) };
    let value = json::parse(text.as_bytes(), json::Limits::default()).ok()?;
    let motet_expr::Value::Obj(members) = value else { return None };
    let pair = |(key, value): (&motet_expr::Value, &motet_expr::Value)| {
        Some((json::as_str(key)?.to_owned(), json::as_str(value)?.to_owned()))
    };
    members.iter().map(pair).collect()
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
