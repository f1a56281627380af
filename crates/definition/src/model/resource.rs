use super::{AuthenticationRef, Uri};
use crate::value::Value;

/// Where something is found over the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Endpoint {
    /// The short form: the URI alone.
    Uri(Uri),
    /// The long form.
    Detailed { uri: Uri, authentication: Option<AuthenticationRef> },
}

impl Endpoint {
    pub fn uri(&self) -> &Uri {
        match self {
            Self::Uri(uri) | Self::Detailed { uri, .. } => uri,
        }
    }

    pub fn authentication(&self) -> Option<&AuthenticationRef> {
        match self {
            Self::Uri(_) => None,
            Self::Detailed { authentication, .. } => authentication.as_ref(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExternalResource {
    pub name: Option<String>,
    pub endpoint: Endpoint,
}

/// A schema that data must satisfy.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// `json` by default; a version may follow after a colon.
    pub format: Option<String>,
    pub source: SchemaSource,
}

impl Schema {
    pub fn format(&self) -> &str {
        self.format.as_deref().unwrap_or("json")
    }

    /// Whether it is a JSON Schema, of whatever version.
    pub fn is_json(&self) -> bool {
        self.format().starts_with("json")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum SchemaSource {
    /// Property `document`: the schema itself.
    Document(Value),
    /// Property `resource`.
    Resource(ExternalResource),
}
