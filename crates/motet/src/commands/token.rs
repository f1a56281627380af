//! Tokens: who may do what.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use http::Method;
use motet_expr::Value;
use motet_expr::json::{array, object, string, to_text};
use motet_runtime::drive::offline;
use motet_runtime::{Minted, Namespaces, TokenRequest};
use motet_store_embedded::{Options, Service};
use motet_types::Timestamp;

use super::{Ended, block_on, store};
use crate::cli::{Connection, CreateToken, Token};
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::serve::key;
use crate::value::Members;

/// Name of an admin's token where none is given.
const ADMIN: &str = "admin";
const ONCE: &str = "keep it in a safe place: it is not shown again";

pub(super) fn token(what: &Token, connection: &Connection, output: &Output) -> Ended {
    match what {
        Token::Create(options) => match &options.data {
            Some(data) => create_offline(data, options, output),
            None => block_on(create(&Client::new(connection)?, options, output)),
        },
        Token::List { all } => block_on(list(&Client::new(connection)?, *all, output)),
        Token::Revoke { which, reason } => {
            let client = Client::new(connection)?;
            block_on(revoke(&client, which, reason.as_deref(), output))
        }
        Token::Show => block_on(show(&Client::new(connection)?, output)),
    }
}

async fn create(client: &Client, options: &CreateToken, output: &Output) -> Ended {
    let texts = |items: &[String]| array(items.iter().map(|item| string(item.as_str())));
    let (roles, namespaces) = rights(options);
    let mut members = vec![
        ("name", string(name(options))),
        ("roles", texts(&roles)),
        ("namespaces", texts(&namespaces)),
    ];
    members.extend(options.description.as_deref().map(|text| ("description", string(text))));
    let seconds = options.expires.map(|expires| format!("{}s", expires.as_secs()));
    members.extend(seconds.map(|seconds| ("expiresIn", string(seconds))));
    let call = Call::post("/api/v1/tokens", "application/json", to_text(&object(members)));
    let answer = client.send(call).await?.value;
    output.value(&answer, |_| format!("{}\n", answer.text("token").unwrap_or_default()));
    output.note(ONCE);
    Ok(Exit::Done)
}

/// The first token of all: nobody can be asked yet, and no server runs.
fn create_offline(data: &Path, options: &CreateToken, output: &Output) -> Ended {
    let request = request(options, now())?;
    let service = Service::open(data, &motet_runtime::SCHEMA, Options::default());
    let service = service.map_err(|error| store::failed(&error))?;
    // A directory that holds work and no key would look as if the key were lost.
    if service.stats().last == 0 && key::read(&key::path(data))?.is_none() {
        key::create(data)?;
    }
    let minted = offline::create_token(&service, now(), request);
    service.close().map_err(|error| store::failed(&error))?;
    let Minted { id, text, .. } = minted.map_err(|error| refused(&error))?;
    let value = object([
        ("token", string(text.as_str())),
        ("id", string(id.as_str())),
        ("name", string(name(options))),
    ]);
    output.value(&value, |_| format!("{text}\n"));
    output.note(ONCE);
    Ok(Exit::Done)
}

async fn list(client: &Client, all: bool, output: &Output) -> Ended {
    let tokens = client.get(format!("/api/v1/tokens?all={all}")).await?;
    let rows: Vec<_> = tokens.items("items").iter().map(row).collect();
    let tokens = array(tokens.items("items").iter().cloned());
    output.value(&tokens, |output| table(output.style, &HEADINGS, &rows));
    Ok(Exit::Done)
}

async fn revoke(client: &Client, token: &str, reason: Option<&str>, output: &Output) -> Ended {
    let reason = reason.map(|reason| query("reason", reason)).unwrap_or_default();
    let path = format!("/api/v1/tokens/{token}?{reason}");
    let answer = client.send(Call { method: Method::DELETE, ..Call::get(path) }).await?.value;
    output.value(&answer, |_| {
        let text = |key| answer.text(key).unwrap_or_default();
        format!("{} ({}) is revoked\n", text("name"), text("id"))
    });
    Ok(Exit::Done)
}

async fn show(client: &Client, output: &Output) -> Ended {
    let caller = client.get("/api/v1/tokens/self").await?;
    output.value(&caller, |_| {
        let actor = caller.text("actor").unwrap_or_default();
        format!("{actor}: {} in {}\n", joined(&caller, "roles"), joined(&caller, "namespaces"))
    });
    Ok(Exit::Done)
}

const HEADINGS: [&str; 8] =
    ["name", "id", "roles", "namespaces", "created", "expires", "last used", "description"];

fn row(token: &Value) -> Vec<String> {
    let text = |key| token.text(key).unwrap_or_default().to_owned();
    let expires = match token.text("revokedAt") {
        Some(at) => format!("revoked {at}"),
        None => text("expiresAt"),
    };
    vec![
        text("name"),
        text("id"),
        joined(token, "roles"),
        joined(token, "namespaces"),
        text("createdAt"),
        expires,
        text("lastUsedAt"),
        text("description"),
    ]
}

fn joined(token: &Value, key: &str) -> String {
    let items = token.items(key).iter().filter_map(motet_expr::json::as_str);
    items.collect::<Vec<_>>().join(",")
}

fn name(options: &CreateToken) -> &str {
    options.name.as_deref().unwrap_or(ADMIN)
}

fn rights(options: &CreateToken) -> (Vec<String>, Vec<String>) {
    if options.admin {
        return (vec![ADMIN.to_owned()], vec!["*".to_owned()]);
    }
    (options.roles.clone(), options.namespaces.clone())
}

fn request(options: &CreateToken, now: Timestamp) -> Result<TokenRequest, Failure> {
    let (roles, namespaces) = rights(options);
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(why.to_string());
    let roles = roles.iter().map(|role| role.parse()).collect::<Result<BTreeSet<_>, String>>();
    let namespaces = match namespaces.iter().any(|name| name == "*") {
        true => Namespaces::All,
        false => {
            let names = namespaces.iter().map(|name| name.parse()).collect::<Result<_, _>>();
            Namespaces::Named(names.map_err(|error| wrong(&error))?)
        }
    };
    Ok(TokenRequest {
        name: name(options).parse().map_err(|error| wrong(&error))?,
        roles: roles.map_err(|error| wrong(&error))?,
        namespaces,
        description: options.description.clone(),
        expires: options.expires.map(|expires| now.saturating_add(expires)),
    })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn refused(error: &motet_runtime::Error) -> Failure {
    match error {
        motet_runtime::Error::Catalog(rejection) => {
            Failure::of_server("token-conflict", rejection.to_string())
        }
        error => Failure::new("store-failed", error.to_string()),
    }
}
