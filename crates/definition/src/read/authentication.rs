use super::cursor::Fields;
use super::data::text_template;
use super::resource::uri;
use super::{Cursor, one_of};
use crate::Code;
use crate::model::{
    AuthenticationPolicy, AuthenticationRef, AuthenticationScheme, BearerToken,
    ClientAuthentication, Credentials, Extra, Grant, OAuth2, OAuth2Client, OAuth2Endpoints,
    OAuth2Request, OAuth2Token, RequestEncoding, UsernamePassword,
};

const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "oauth2", "oidc"];

/// The words of `grant`.
pub(crate) const GRANTS: [(&str, Grant); 5] = [
    ("authorization_code", Grant::AuthorizationCode),
    ("client_credentials", Grant::ClientCredentials),
    ("password", Grant::Password),
    ("refresh_token", Grant::RefreshToken),
    ("urn:ietf:params:oauth:grant-type:token-exchange", Grant::TokenExchange),
];

/// The words of `client.authentication`.
pub(crate) const CLIENT_AUTHENTICATIONS: [(&str, ClientAuthentication); 5] = [
    ("client_secret_basic", ClientAuthentication::ClientSecretBasic),
    ("client_secret_post", ClientAuthentication::ClientSecretPost),
    ("client_secret_jwt", ClientAuthentication::ClientSecretJwt),
    ("private_key_jwt", ClientAuthentication::PrivateKeyJwt),
    ("none", ClientAuthentication::None),
];

/// The words of `request.encoding`.
pub(crate) const ENCODINGS: [(&str, RequestEncoding); 2] = [
    ("application/x-www-form-urlencoded", RequestEncoding::Form),
    ("application/json", RequestEncoding::Json),
];

pub(super) fn authentication_ref(cursor: Cursor<'_>) -> Option<AuthenticationRef> {
    if !cursor.has("use") {
        let policy = closed_policy(cursor)?;
        return Some(AuthenticationRef::Inline(Box::new(policy)));
    }
    let mut fields = cursor.object()?;
    let name = fields.required("use", reference);
    fields.close();
    name.map(AuthenticationRef::Named)
}

/// A policy of `use.authentications`, an open object.
pub(super) fn policy(cursor: Cursor<'_>) -> Option<AuthenticationPolicy> {
    let mut fields = cursor.object()?;
    let scheme = scheme(&mut fields);
    let extra = fields.open();
    Some(AuthenticationPolicy { scheme: scheme?, extra })
}

fn closed_policy(cursor: Cursor<'_>) -> Option<AuthenticationPolicy> {
    if !cursor.is_object() {
        let message = format!("an object with `use`, {}", one_of(&SCHEMES));
        return cursor.wrong_type(&message);
    }
    let mut fields = cursor.object()?;
    let scheme = scheme(&mut fields);
    fields.close();
    Some(AuthenticationPolicy { scheme: scheme?, extra: Extra::default() })
}

fn scheme(fields: &mut Fields<'_>) -> Option<AuthenticationScheme> {
    let (name, cursor) = fields.one_of(&SCHEMES)?;
    Some(match name {
        "basic" => AuthenticationScheme::Basic(credentials(cursor, username_password)?),
        "bearer" => AuthenticationScheme::Bearer(credentials(cursor, bearer_token)?),
        "digest" => AuthenticationScheme::Digest(credentials(cursor, username_password)?),
        "oauth2" => AuthenticationScheme::OAuth2(credentials(cursor, |c| oauth2(c, true))?),
        _ => AuthenticationScheme::Oidc(credentials(cursor, |c| oauth2(c, false))?),
    })
}

fn credentials<'a, T>(
    cursor: Cursor<'a>,
    inline: impl FnOnce(Cursor<'a>) -> Option<T>,
) -> Option<Credentials<T>> {
    if !cursor.has("use") {
        return inline(cursor).map(Credentials::Inline);
    }
    let mut fields = cursor.object()?;
    let name = fields.required("use", reference);
    fields.close();
    name.map(Credentials::Secret)
}

fn reference(cursor: Cursor<'_>) -> Option<String> {
    match cursor.clone().text()? {
        "" => cursor.refuse(Code::InvalidValue, "the name is empty: write the name to use"),
        name => Some(name.to_owned()),
    }
}

fn username_password(cursor: Cursor<'_>) -> Option<UsernamePassword> {
    let mut fields = cursor.object()?;
    let username = fields.required("username", text_template);
    let password = fields.required("password", text_template);
    fields.close();
    Some(UsernamePassword { username: username?, password: password? })
}

fn bearer_token(cursor: Cursor<'_>) -> Option<BearerToken> {
    let mut fields = cursor.object()?;
    let token = fields.required("token", text_template);
    fields.close();
    Some(BearerToken { token: token? })
}

fn oauth2(cursor: Cursor<'_>, with_endpoints: bool) -> Option<Box<OAuth2>> {
    let mut fields = cursor.object()?;
    let authority = fields.required("authority", uri);
    let endpoints = match with_endpoints {
        true => fields.optional("endpoints", endpoints),
        false => None,
    };
    let grant = fields.required("grant", |cursor| cursor.word(&GRANTS));
    let client = fields.optional("client", client);
    let request = fields.optional("request", request);
    let issuers = fields.optional("issuers", |cursor| cursor.list(Cursor::string));
    let scopes = fields.optional("scopes", |cursor| cursor.list(Cursor::string));
    let audiences = fields.optional("audiences", |cursor| cursor.list(Cursor::string));
    let username = fields.optional("username", text_template);
    let password = fields.optional("password", text_template);
    let subject = fields.optional("subject", token);
    let actor = fields.optional("actor", token);
    fields.close();
    Some(Box::new(OAuth2 {
        authority: authority?,
        endpoints,
        grant: grant?,
        client,
        request,
        issuers,
        scopes,
        audiences,
        username,
        password,
        subject,
        actor,
    }))
}

fn endpoints(cursor: Cursor<'_>) -> Option<OAuth2Endpoints> {
    let mut fields = cursor.object()?;
    let token = fields.optional("token", Cursor::string);
    let revocation = fields.optional("revocation", Cursor::string);
    let introspection = fields.optional("introspection", Cursor::string);
    let extra = fields.open();
    Some(OAuth2Endpoints { token, revocation, introspection, extra })
}

fn client(cursor: Cursor<'_>) -> Option<OAuth2Client> {
    let mut fields = cursor.object()?;
    let client = OAuth2Client {
        id: fields.optional("id", text_template),
        secret: fields.optional("secret", text_template),
        assertion: fields.optional("assertion", text_template),
        authentication: fields
            .optional("authentication", |cursor| cursor.word(&CLIENT_AUTHENTICATIONS)),
    };
    fields.close();
    Some(client)
}

fn request(cursor: Cursor<'_>) -> Option<OAuth2Request> {
    let mut fields = cursor.object()?;
    let encoding = fields.optional("encoding", |cursor| cursor.word(&ENCODINGS));
    let extra = fields.open();
    Some(OAuth2Request { encoding, extra })
}

fn token(cursor: Cursor<'_>) -> Option<OAuth2Token> {
    let mut fields = cursor.object()?;
    let token = fields.required("token", text_template);
    let type_ = fields.required("type", Cursor::string);
    fields.close();
    Some(OAuth2Token { token: token?, type_: type_? })
}
