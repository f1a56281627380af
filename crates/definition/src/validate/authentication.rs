use super::Checker;
use super::scope::Scope;
use crate::Code;
use crate::model::{
    AuthenticationPolicy, AuthenticationRef, AuthenticationScheme, Credentials, OAuth2,
    OAuth2Token, UsernamePassword,
};
use crate::pointer::Path;

impl<'a> Checker<'a> {
    pub(super) fn authentication(
        &mut self,
        reference: &'a AuthenticationRef,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        match reference {
            AuthenticationRef::Inline(policy) => self.policy(policy, path, scope),
            AuthenticationRef::Named(name) if self.document.authentication(name).is_none() => {
                let all = self.document.use_.iter().flat_map(|use_| &use_.authentications);
                let declared = all.flatten().map(|(name, _)| name.as_str());
                let code = Code::UnknownAuthentication;
                self.unknown(code, &path.key("use"), name, "authentications", declared);
            }
            AuthenticationRef::Named(_) => {}
        }
    }

    pub(super) fn policy(
        &mut self,
        policy: &'a AuthenticationPolicy,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        let scope = scope.inside_call();
        let path = path.key(policy.scheme.keyword());
        match &policy.scheme {
            AuthenticationScheme::Basic(own) | AuthenticationScheme::Digest(own) => {
                if let Some(UsernamePassword { username, password }) = self.inline(own, &path) {
                    self.template(username, &path.key("username"), &scope);
                    self.template(password, &path.key("password"), &scope);
                }
            }
            AuthenticationScheme::Bearer(own) => {
                if let Some(bearer) = self.inline(own, &path) {
                    self.template(&bearer.token, &path.key("token"), &scope);
                }
            }
            AuthenticationScheme::OAuth2(own) | AuthenticationScheme::Oidc(own) => {
                if let Some(oauth2) = self.inline(own, &path) {
                    self.oauth2(oauth2, &path, &scope);
                }
            }
        }
    }

    /// The credentials that are written out; a secret must be declared.
    fn inline<T>(&mut self, credentials: &'a Credentials<T>, path: &Path<'a>) -> Option<&'a T> {
        match credentials {
            Credentials::Inline(inline) => Some(inline),
            Credentials::Secret(name) => {
                self.declared_secret(name, &path.key("use").pointer(), name);
                None
            }
        }
    }

    fn oauth2(&mut self, own: &'a OAuth2, path: &Path<'a>, scope: &Scope<'a>) {
        self.uri(&own.authority, &path.key("authority"), scope);
        if let Some(client) = &own.client {
            let path = path.key("client");
            self.maybe_template(&client.id, &path.key("id"), scope);
            self.maybe_template(&client.secret, &path.key("secret"), scope);
            self.maybe_template(&client.assertion, &path.key("assertion"), scope);
        }
        self.maybe_template(&own.username, &path.key("username"), scope);
        self.maybe_template(&own.password, &path.key("password"), scope);
        for (key, token) in [("subject", &own.subject), ("actor", &own.actor)] {
            if let Some(OAuth2Token { token, .. }) = token {
                self.template(token, &path.key(key).key("token"), scope);
            }
        }
    }
}
