//! Tokens: making, listing and revoking them.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use motet_expr::{Value, json};
use motet_runtime::{Catalog, Namespaces, Role, Token, TokenRequest};
use motet_types::{Label, Timestamp};

use crate::access::Caller;
use crate::json::{Object, object};
use crate::problem::{Code, Problem};
use crate::query::{length, read};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, print};

/// Longest description, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 1_024;
/// Stands for all namespaces.
const ALL: &str = "*";

pub(crate) async fn create(mut request: Request) -> Handled {
    let body = request.json().await?;
    let wanted = wanted(&body, request.handle().now())?;
    ensure_governed(&request.caller, &wanted.namespaces)?;
    let (minted, position) = request.handle().create_token(wanted).await?;
    let view = request.handle().catalog();
    let text = object(|object| {
        object.text("token", &minted.text);
        if let Some(token) = view.catalog.tokens.get(&minted.id) {
            print::token(object, &minted.id, token, None);
        }
    });
    let response = answer::json(StatusCode::CREATED, text, position);
    // No cache may keep what is shown once.
    let response = answer::with_header(response, CACHE_CONTROL, "no-store".to_owned());
    Ok(answer::with_header(response, LOCATION, format!("/api/v1/tokens/{}", minted.id)))
}

pub(crate) async fn list(request: Request) -> Handled {
    let all = request.query.switch("all")?;
    let (view, now) = (request.handle().catalog(), request.handle().now());
    let shown = |(_, token): &(&Label, &Token)| {
        (all || token.is_valid(now)) && request.caller.governs(&token.grant.namespaces)
    };
    let mut tokens: Vec<_> = view.catalog.tokens.iter().filter(shown).collect();
    tokens.sort_by_key(|(_, token)| (&token.grant.name, token.created_at));
    let text = object(|list| {
        list.array("items", |items| {
            for (id, token) in tokens {
                let used = request.api.last_uses.of(id);
                items.object(|item| print::token(item, id, token, used));
            }
        });
    });
    Ok(answer::json(StatusCode::OK, text, view.position))
}

pub(crate) async fn own(request: Request) -> Handled {
    let text = object(|object: &mut Object<'_>| {
        object.text("actor", &*request.caller.name);
        match &request.caller.token {
            Some((id, grant)) => {
                object.text("id", id);
                print::grant(object, grant);
            }
            None => print::rights(object, &BTreeSet::from([Role::Admin]), &Namespaces::All),
        }
    });
    Ok(answer::json(StatusCode::OK, text, request.handle().position()))
}

pub(crate) async fn revoke(request: Request) -> Handled {
    let wanted: Label = request.part("token")?;
    let handle = request.handle();
    let id = {
        let view = handle.catalog();
        let (id, token) = find(&view.catalog, &wanted, handle.now()).ok_or_else(|| {
            Problem::new(Code::UnknownToken, format!("there is no token {wanted}"))
        })?;
        ensure_governed(&request.caller, &token.grant.namespaces)?;
        id.clone()
    };
    let reason = request.query.text("reason").map(str::to_owned);
    let position = handle.revoke_token(id.clone(), reason).await?;
    let view = handle.catalog();
    let text = object(|object| {
        if let Some(token) = view.catalog.tokens.get(&id) {
            print::token(object, &id, token, request.api.last_uses.of(&id));
        }
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

/// By its id, or the valid one of that name.
fn find<'c>(
    catalog: &'c Catalog,
    wanted: &Label,
    now: Timestamp,
) -> Option<(&'c Label, &'c Token)> {
    let named = |(_, token): &(&Label, &Token)| token.grant.name == *wanted && token.is_valid(now);
    let by_id = catalog.tokens.get_key_value(wanted);
    by_id.or_else(|| catalog.tokens.iter().find(named))
}

/// Nobody gives, or takes, rights beyond their own namespaces.
fn ensure_governed(caller: &Caller, namespaces: &Namespaces) -> Result<(), Problem> {
    if caller.governs(namespaces) {
        return Ok(());
    }
    let detail = format!(
        "a token for the namespaces {namespaces} is beyond the token {:?}: it governs fewer",
        &*caller.name
    );
    Err(Problem::new(Code::Forbidden, detail))
}

fn wanted(body: &Value, now: Timestamp) -> Result<TokenRequest, Problem> {
    const KNOWN: [&str; 6] =
        ["name", "roles", "namespaces", "description", "expiresIn", "expiresAt"];
    let Value::Obj(members) = body else {
        return Err(refuse("the body is not an object"));
    };
    for key in members.keys().filter_map(json::as_str) {
        if !KNOWN.contains(&key) {
            return Err(refuse(format!("the member {key:?} is not known: {}", KNOWN.join(", "))));
        }
    }
    let name = text(body, "name")?.ok_or_else(|| refuse("say how it is called: `name`"))?;
    let roles = texts(body, "roles")?;
    let roles = roles.iter().map(|role| read("roles", role)).collect::<Result<BTreeSet<_>, _>>()?;
    if roles.is_empty() {
        return Err(refuse("say what it may do: `roles`, as in [\"viewer\"]"));
    }
    let description = text(body, "description")?.map(str::to_owned);
    if description.as_ref().is_some_and(|text| text.len() > DESCRIPTION_BYTES_MAX) {
        return Err(refuse(format!("`description` is longer than {DESCRIPTION_BYTES_MAX} bytes")));
    }
    Ok(TokenRequest {
        name: read("name", name)?,
        roles,
        namespaces: namespaces(&texts(body, "namespaces")?)?,
        description,
        expires: expires(body, now)?,
    })
}

fn namespaces(names: &[&str]) -> Result<Namespaces, Problem> {
    match names {
        [] => Err(refuse("say where it holds: `namespaces`, as in [\"shop\"], or [\"*\"] for all")),
        names if names.contains(&ALL) => Ok(Namespaces::All),
        names => {
            let names = names.iter().map(|name| read("namespaces", name));
            Ok(Namespaces::Named(names.collect::<Result<_, _>>()?))
        }
    }
}

fn expires(body: &Value, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    match (text(body, "expiresIn")?, text(body, "expiresAt")?) {
        (None, None) => Ok(None),
        (None, Some(at)) => read("expiresAt", at).map(Some),
        (Some(within), None) => {
            let within: Duration = length(within).ok_or_else(|| {
                let why = format!("{within:?} is no length of time: write 90d, 12h, 30m or 10s");
                Problem::invalid("expiresIn", why)
            })?;
            Ok(Some(now.saturating_add(within)))
        }
        (Some(_), Some(_)) => Err(refuse("give `expiresIn` or `expiresAt`, not both")),
    }
}

fn text<'b>(body: &'b Value, key: &str) -> Result<Option<&'b str>, Problem> {
    match json::get(body, key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let text = json::as_str(value);
            text.map(Some).ok_or_else(|| refuse(format!("the member {key:?} is not text")))
        }
    }
}

fn texts<'b>(body: &'b Value, key: &str) -> Result<Vec<&'b str>, Problem> {
    let wrong = || refuse(format!("the member {key:?} is not a list of texts"));
    match json::get(body, key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Arr(items)) => {
            items.iter().map(|item| json::as_str(item).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn refuse(detail: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidBody, detail)
}
