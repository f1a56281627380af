//! What belongs to no instance: definitions and their tags. A second pure machine with the same shape as an instance's.

mod resolve;

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_types::{Digest, Label, Timestamp, Version, WorkflowName, WorkflowRef};

pub use resolve::Unresolved;

/// Everything published so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub workflows: BTreeMap<WorkflowName, Workflow>,
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
        actor: Option<String>,
        reason: Option<String>,
    },
}

/// A persisted fact of the catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogRecord {
    pub at: Timestamp,
    pub fact: CatalogFact,
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
        actor: Option<String>,
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
}

impl Catalog {
    /// Decides what an input changes. No record means that it is so already.
    ///
    /// # Errors
    /// A version that exists with other content; a tag for a version that does not exist.
    pub fn step(
        &mut self,
        now: Timestamp,
        input: CatalogInput,
    ) -> Result<Option<CatalogRecord>, CatalogRejection> {
        let fact = match input {
            CatalogInput::Publish { definition, digest, source } => {
                self.publish(definition, digest, source)?
            }
            CatalogInput::SetTag { workflow, tag, version, actor, reason } => {
                let is_known = self.version(&workflow, &version).is_some();
                if !is_known {
                    return Err(CatalogRejection::Unknown(format!("{workflow}:{version}")));
                }
                let is_set = self.tag(&workflow, tag.as_str()) == Some(&version);
                (!is_set).then_some(CatalogFact::Tagged { workflow, tag, version, actor, reason })
            }
        };
        let record = fact.map(|fact| CatalogRecord { at: now.max(self.updated_at), fact });
        if let Some(record) = &record {
            self.apply(record);
        }
        Ok(record)
    }

    /// Remembers a record; total.
    pub fn apply(&mut self, record: &CatalogRecord) {
        let at = record.at;
        self.records += 1;
        self.updated_at = self.updated_at.max(at);
        match &record.fact {
            CatalogFact::Published { definition, digest, source } => {
                let published = Published { digest: *digest, source: source.clone(), at };
                let workflow = self.workflows.entry(definition.workflow.clone()).or_default();
                workflow.versions.insert(definition.version.clone(), published);
            }
            CatalogFact::Tagged { workflow, tag, version, actor, reason } => {
                let moves = self
                    .workflows
                    .entry(workflow.clone())
                    .or_default()
                    .tags
                    .entry(tag.clone())
                    .or_default();
                let from = moves.last().map(|last| last.to.clone());
                let (actor, reason) = (actor.clone(), reason.clone());
                moves.push(TagMove { at, from, to: version.clone(), actor, reason });
            }
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
}
