use super::data::{template, text, uri};
use super::object::Object;
use crate::model::{
    AuthenticationPolicy, AuthenticationRef, AuthenticationScheme, Credentials, OAuth2,
    OAuth2Client, OAuth2Endpoints, OAuth2Request, OAuth2Token, UsernamePassword,
};
use crate::read::words;
use crate::value::Value;

pub(super) fn authentication_ref(reference: &AuthenticationRef) -> Value {
    match reference {
        AuthenticationRef::Inline(inline) => policy(inline),
        AuthenticationRef::Named(name) => Object::default().with("use", text(name)).value(),
    }
}

pub(super) fn policy(policy: &AuthenticationPolicy) -> Value {
    let scheme = match &policy.scheme {
        AuthenticationScheme::Basic(own) => credentials(own, username_password),
        AuthenticationScheme::Bearer(own) => {
            credentials(own, |own| Object::default().with("token", template(&own.token)).value())
        }
        AuthenticationScheme::Digest(own) => credentials(own, username_password),
        AuthenticationScheme::OAuth2(own) => credentials(own, |own| oauth2(own)),
        AuthenticationScheme::Oidc(own) => credentials(own, |own| oauth2(own)),
    };
    Object::default().with(policy.scheme.keyword(), scheme).extra(&policy.extra).value()
}

fn credentials<T>(credentials: &Credentials<T>, print: impl FnOnce(&T) -> Value) -> Value {
    match credentials {
        Credentials::Inline(inline) => print(inline),
        Credentials::Secret(name) => Object::default().with("use", text(name)).value(),
    }
}

fn username_password(own: &UsernamePassword) -> Value {
    Object::default()
        .with("username", template(&own.username))
        .with("password", template(&own.password))
        .value()
}

fn oauth2(own: &OAuth2) -> Value {
    let list = |items: &Vec<String>| items.iter().map(text).collect();
    Object::default()
        .with("authority", uri(&own.authority))
        .maybe("endpoints", &own.endpoints, endpoints)
        .maybe_word("grant", Some(own.grant), &words::GRANTS)
        .maybe("client", &own.client, client)
        .maybe("request", &own.request, request)
        .maybe("issuers", &own.issuers, list)
        .maybe("scopes", &own.scopes, list)
        .maybe("audiences", &own.audiences, list)
        .maybe("username", &own.username, template)
        .maybe("password", &own.password, template)
        .maybe("subject", &own.subject, token)
        .maybe("actor", &own.actor, token)
        .value()
}

fn endpoints(own: &OAuth2Endpoints) -> Value {
    Object::default()
        .maybe("token", &own.token, text)
        .maybe("revocation", &own.revocation, text)
        .maybe("introspection", &own.introspection, text)
        .extra(&own.extra)
        .value()
}

fn client(own: &OAuth2Client) -> Value {
    Object::default()
        .maybe("id", &own.id, template)
        .maybe("secret", &own.secret, template)
        .maybe("assertion", &own.assertion, template)
        .maybe_word("authentication", own.authentication, &words::CLIENT_AUTHENTICATIONS)
        .value()
}

fn request(own: &OAuth2Request) -> Value {
    Object::default()
        .maybe_word("encoding", own.encoding, &words::ENCODINGS)
        .extra(&own.extra)
        .value()
}

fn token(own: &OAuth2Token) -> Value {
    Object::default().with("token", template(&own.token)).with("type", text(&own.type_)).value()
}
