use super::{Extra, Template, Uri};

/// A policy, or the name of one in `use.authentications`.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthenticationRef {
    Inline(Box<AuthenticationPolicy>),
    /// `{ use: name }`.
    Named(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct AuthenticationPolicy {
    pub scheme: AuthenticationScheme,
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AuthenticationScheme {
    Basic(Credentials<UsernamePassword>),
    Bearer(Credentials<BearerToken>),
    Digest(Credentials<UsernamePassword>),
    OAuth2(Credentials<Box<OAuth2>>),
    /// OpenID Connect; the authority is the issuer, its endpoints are discovered.
    Oidc(Credentials<Box<OAuth2>>),
}

impl AuthenticationScheme {
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Basic(_) => "basic",
            Self::Bearer(_) => "bearer",
            Self::Digest(_) => "digest",
            Self::OAuth2(_) => "oauth2",
            Self::Oidc(_) => "oidc",
        }
    }
}

/// What a scheme needs: written out, or an object of the same shape kept as a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials<T> {
    Inline(T),
    /// `{ use: secret }`.
    Secret(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct UsernamePassword {
    pub username: Template,
    pub password: Template,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BearerToken {
    pub token: Template,
}

/// OAuth 2.0 (RFC 6749) and OpenID Connect.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    pub authority: Uri,
    /// Of `oauth2` only.
    pub endpoints: Option<OAuth2Endpoints>,
    pub grant: Grant,
    pub client: Option<OAuth2Client>,
    pub request: Option<OAuth2Request>,
    pub issuers: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    pub audiences: Option<Vec<String>>,
    pub username: Option<Template>,
    pub password: Option<Template>,
    pub subject: Option<OAuth2Token>,
    pub actor: Option<OAuth2Token>,
}

/// Paths below the authority.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OAuth2Endpoints {
    pub token: Option<String>,
    pub revocation: Option<String>,
    pub introspection: Option<String>,
    pub extra: Extra,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    AuthorizationCode,
    ClientCredentials,
    Password,
    RefreshToken,
    TokenExchange,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OAuth2Client {
    pub id: Option<Template>,
    pub secret: Option<Template>,
    pub assertion: Option<Template>,
    pub authentication: Option<ClientAuthentication>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    None,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OAuth2Request {
    pub encoding: Option<RequestEncoding>,
    pub extra: Extra,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEncoding {
    Form,
    Json,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2Token {
    pub token: Template,
    pub type_: String,
}
