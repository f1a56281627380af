//! What belongs to no instance: definitions with their tags, tokens, secrets. A second pure machine with the same shape as an
//! instance's.

mod resolve;
mod secrets;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use motet_types::{Digest, Label, Timestamp, Version, WorkflowName, WorkflowRef};

pub use resolve::Unresolved;
pub use secrets::{InvalidSecretName, SealedSecret, SecretName};
pub use tokens::{Grant, LOCAL, Namespaces, Revocation, Role, Token};

/// Everything published so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub workflows: BTreeMap<WorkflowName, Workflow>,
    /// Every token that was made, by its id; revoked ones stay for whoever looks back.
    pub tokens: BTreeMap<Label, Token>,
    /// Sealed under a key that is not here.
    pub secrets: BTreeMap<SecretName, SealedSecret>,
    /// Records so far.
    pub records: u64,
    pub updated_at: Timestamp,
}

/// One workflow with all its versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workflow {
    pub versions: BTreeMap<Version, Published>,
    /// Each tag's moves, newest last.
    pub tags: BTreeMap<Label, Vec<TagMove>>,
}

/// One immutable version.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub digest: Digest,
    /// The document as it was published, YAML or JSON.
    pub source: Arc<str>,
    pub at: Timestamp,
    /// Who published it.
    pub actor: Option<String>,
}

/// A tag was set.
#[derive(Clone, Debug, PartialEq)]
pub struct TagMove {
    pub at: Timestamp,
    pub from: Option<Version>,
    pub to: Version,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

/// What the catalog may be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogInput {
    Publish {
        definition: WorkflowRef,
        digest: Digest,
        source: Arc<str>,
    },
    SetTag {
        workflow: WorkflowName,
        tag: Label,
        version: Version,
        reason: Option<String>,
    },
    /// `id` and the hash in the grant come from a new token's text.
    CreateToken {
        id: Label,
        grant: Box<Grant>,
    },
    RevokeToken {
        id: Label,
        reason: Option<String>,
    },
    /// Sets a secret, or replaces its value.
    SetSecret {
        name: SecretName,
        sealed: Bytes,
    },
    DeleteSecret {
        name: SecretName,
        reason: Option<String>,
    },
}

impl CatalogInput {
    /// The workflow that it is about, if any.
    pub fn workflow(&self) -> Option<&WorkflowName> {
        match self {
            Self::Publish { definition, .. } => Some(&definition.workflow),
            Self::SetTag { workflow, .. } => Some(workflow),
            Self::CreateToken { .. }
            | Self::RevokeToken { .. }
            | Self::SetSecret { .. }
            | Self::DeleteSecret { .. } => None,
        }
    }
}

/// A persisted fact of the catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogRecord {
    pub at: Timestamp,
    pub fact: CatalogFact,
    /// Whose doing it is: the name of a token, or [`LOCAL`].
    pub actor: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CatalogFact {
    Published {
        definition: WorkflowRef,
        digest: Digest,
        source: Arc<str>,
    },
    Tagged {
        workflow: WorkflowName,
        tag: Label,
        version: Version,
        /// As records had it before each had an actor of its own.
        actor: Option<String>,
        reason: Option<String>,
    },
    TokenCreated {
        id: Label,
        grant: Box<Grant>,
    },
    TokenRevoked {
        id: Label,
        reason: Option<String>,
    },
    SecretSet {
        name: SecretName,
        sealed: Bytes,
    },
    SecretDeleted {
        name: SecretName,
        reason: Option<String>,
    },
}

/// Why the catalog stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogRejection {
    #[error(
        "{definition} exists with other content (digest {existing}): publish under a new version"
    )]
    VersionExists { definition: WorkflowRef, existing: Digest },
    #[error("{0} is not published")]
    Unknown(String),
    #[error("there is no token {0}")]
    UnknownToken(String),
    #[error("there is no secret {0}")]
    UnknownSecret(String),
    /// The token would be of no use, or lock everybody out.
    #[error("{0}")]
    Token(String),
    #[error("there are {count} {what}, which is the limit")]
    Full { what: &'static str, count: usize },
}

impl Catalog {
    /// Decides what an input of `actor` changes. No record means that it is so already.
    ///
    /// # Errors
    /// A version that exists with other content; a tag, token or secret that does not exist; a token that would lock
    /// everybody out.
    pub fn step(
        &mut self,
        now: Timestamp,
        actor: Option<&str>,
        input: CatalogInput,
    ) -> Result<Option<CatalogRecord>, CatalogRejection> {
        let now = now.max(self.updated_at);
        let fact = match input {
            CatalogInput::Publish { definition, digest, source } => {
                self.publish(definition, digest, source)?
            }
            CatalogInput::SetTag { workflow, tag, version, reason } => {
                self.set_tag(workflow, tag, version, reason)?
            }
            CatalogInput::CreateToken { id, grant } => Some(self.create_token(now, id, grant)?),
            CatalogInput::RevokeToken { id, reason } => self.revoke_token(now, id, reason)?,
            CatalogInput::SetSecret { name, sealed } => Some(self.set_secret(name, sealed)?),
            CatalogInput::DeleteSecret { name, reason } => Some(self.delete_secret(name, reason)?),
        };
        let actor = actor.map(str::to_owned);
        let record = fact.map(|fact| CatalogRecord { at: now, fact, actor });
        if let Some(record) = &record {
            self.apply(record);
        }
        Ok(record)
    }

    /// Remembers a record; total.
    pub fn apply(&mut self, record: &CatalogRecord) {
        let CatalogRecord { at, fact, actor } = record;
        let at = *at;
        self.records += 1;
        self.updated_at = self.updated_at.max(at);
        match fact {
            CatalogFact::Published { definition, digest, source } => {
                let (source, actor) = (source.clone(), actor.clone());
                let published = Published { digest: *digest, source, at, actor };
                let workflow = self.workflows.entry(definition.workflow.clone()).or_default();
                workflow.versions.insert(definition.version.clone(), published);
            }
            CatalogFact::Tagged { workflow, tag, version, actor: before, reason } => {
                let workflow = self.workflows.entry(workflow.clone()).or_default();
                let moves = workflow.tags.entry(tag.clone()).or_default();
                let from = moves.last().map(|last| last.to.clone());
                let (actor, reason) = (actor.clone().or_else(|| before.clone()), reason.clone());
                moves.push(TagMove { at, from, to: version.clone(), actor, reason });
            }
            CatalogFact::TokenCreated { id, grant } => self.token_created(at, actor, id, grant),
            CatalogFact::TokenRevoked { id, reason } => self.token_revoked(at, actor, id, reason),
            CatalogFact::SecretSet { name, sealed } => self.secret_set(at, actor, name, sealed),
            CatalogFact::SecretDeleted { name, .. } => drop(self.secrets.remove(name)),
        }
    }

    /// A published version.
    pub fn version(&self, workflow: &WorkflowName, version: &Version) -> Option<&Published> {
        self.workflows.get(workflow)?.versions.get(version)
    }

    /// The version that a tag names.
    pub fn tag(&self, workflow: &WorkflowName, tag: &str) -> Option<&Version> {
        let moves = self.workflows.get(workflow)?.tags.get(tag)?;
        moves.last().map(|last| &last.to)
    }

    fn publish(
        &self,
        definition: WorkflowRef,
        digest: Digest,
        source: Arc<str>,
    ) -> Result<Option<CatalogFact>, CatalogRejection> {
        match self.version(&definition.workflow, &definition.version) {
            None => Ok(Some(CatalogFact::Published { definition, digest, source })),
            Some(existing) if existing.digest == digest => Ok(None),
            Some(existing) => {
                Err(CatalogRejection::VersionExists { definition, existing: existing.digest })
            }
        }
    }

    fn set_tag(
        &self,
        workflow: WorkflowName,
        tag: Label,
        version: Version,
        reason: Option<String>,
    ) -> Result<Option<CatalogFact>, CatalogRejection> {
        if self.version(&workflow, &version).is_none() {
            return Err(CatalogRejection::Unknown(format!("{workflow}:{version}")));
        }
        let is_set = self.tag(&workflow, tag.as_str()) == Some(&version);
        let fact = CatalogFact::Tagged { workflow, tag, version, actor: None, reason };
        Ok((!is_set).then_some(fact))
    }
}
