use motet_types::{Version, WorkflowName, WorkflowRef};
use semver::VersionReq;

use super::{Catalog, Workflow};

/// Nothing published is what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    #[error("the workflow {0} is not published")]
    Workflow(String),
    #[error(
        "the workflow {workflow} has no version, tag or match for {wanted:?}; published: {published}"
    )]
    Version { workflow: String, wanted: String, published: String },
}

/// The tag that an absent version names.
const STABLE: &str = "stable";
const LATEST: &str = "latest";

impl Catalog {
    /// The version that a text means: an exact version, a tag, `latest`, or a range (as Cargo writes them).
    ///
    /// An absent one is the tag `stable` where that is set, else the highest version; `latest` is the highest version.
    /// Both leave out pre-releases unless there is nothing else. A range takes its highest match; as in Cargo it admits a
    /// pre-release only where it names one of the same version (`^2.0.0-rc.1`), and prefers what is none.
    ///
    /// # Errors
    /// The workflow is unknown, or nothing of it matches.
    pub fn resolve(
        &self,
        workflow: &WorkflowName,
        wanted: Option<&str>,
    ) -> Result<WorkflowRef, Unresolved> {
        let known = self
            .workflows
            .get(workflow)
            .filter(|known| !known.versions.is_empty())
            .ok_or_else(|| Unresolved::Workflow(workflow.to_string()))?;
        let version = match wanted {
            None => self.tag(workflow, STABLE).or_else(|| highest(known, |_| true)),
            Some(wanted) => self.matching(workflow, known, wanted),
        };
        let reference = |version: &Version| WorkflowRef {
            workflow: workflow.clone(),
            version: version.clone(),
        };
        version.map(reference).ok_or_else(|| Unresolved::Version {
            workflow: workflow.to_string(),
            wanted: wanted.unwrap_or_default().to_owned(),
            published: published(known),
        })
    }

    fn matching<'c>(
        &'c self,
        workflow: &WorkflowName,
        known: &'c Workflow,
        wanted: &str,
    ) -> Option<&'c Version> {
        if let Ok(exact) = wanted.parse::<Version>() {
            return known.versions.get_key_value(&exact).map(|(version, _)| version);
        }
        if let Some(tagged) = self.tag(workflow, wanted) {
            return Some(tagged);
        }
        if wanted == LATEST {
            return highest(known, |_| true);
        }
        let range: VersionReq = wanted.parse().ok()?;
        highest(known, |version| range.matches(version))
    }
}

fn highest(workflow: &Workflow, wanted: impl Fn(&Version) -> bool) -> Option<&Version> {
    let matching = || workflow.versions.keys().rev().filter(|version| wanted(version));
    matching().find(|version| version.pre.is_empty()).or_else(|| matching().next())
}

/// How many versions an error names.
const NAMED_MAX: usize = 5;

fn published(workflow: &Workflow) -> String {
    let named: Vec<String> =
        workflow.versions.keys().rev().take(NAMED_MAX).map(Version::to_string).collect();
    match workflow.versions.len().checked_sub(NAMED_MAX) {
        None | Some(0) => named.join(", "),
        Some(more) => format!("{} and {more} more", named.join(", ")),
    }
}
