use motet_types::{Digest, Hex, InstanceId, StepId, TaskId};

use crate::{Activity, Instance};

/// Hash of an activation path: the enclosing activations with their loop iterations and goto visits, but not the retries
/// of a `try`. Two activations with one path are the same work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub [u8; 16]);

impl Path {
    /// The path of a task entered for the `visit`th time in iteration `iteration` of its parent.
    fn child(self, task: TaskId, iteration: u32, visit: u32) -> Self {
        let mut bytes = [0; 28];
        bytes[..16].copy_from_slice(&self.0);
        for (slot, number) in bytes[16..].chunks_mut(4).zip([task.0, iteration, visit]) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        Self::of(blake3::hash(&bytes))
    }

    /// The path of the undo of the work that was done here under this key.
    pub(crate) fn undo(self, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(b"undo");
        hasher.update(key.as_bytes());
        Self::of(hasher.finalize())
    }

    /// The path of the same work once more, after it was undone.
    fn again(self) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(b"again");
        Self::of(hasher.finalize())
    }

    fn of(hash: blake3::Hash) -> Self {
        let mut path = [0; 16];
        path.copy_from_slice(&hash.as_bytes()[..16]);
        Self(path)
    }

    /// The path of an iteration of the parallel loop `task`, whose path this is.
    pub(crate) fn iteration(self, task: TaskId, index: u32) -> Self {
        // No task stands within itself, so nothing else has this path.
        self.child(task, index, 0)
    }

    /// The key of work that is no single request.
    pub(crate) fn step_key(self, instance: InstanceId) -> String {
        format!("{instance}-{}", Hex(&self.0))
    }

    /// The idempotency key of a request rendered at this place: `<instance>-<hash of path and request>`.
    ///
    /// A retry that renders the same request repeats the key, one that renders another gets another.
    pub(crate) fn key(self, instance: InstanceId, request: Digest) -> String {
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(&self.0);
        bytes[16..].copy_from_slice(&request.0);
        format!("{instance}-{}", Hex(&blake3::hash(&bytes).as_bytes()[..16]))
    }
}

/// The start key of the child that a step starts. Another activation starts another child, also when a retry enters the
/// same path again: the child that failed there is over.
pub(crate) fn child_start_key(parent: InstanceId, step: StepId) -> String {
    format!("child/{parent}/{step}")
}

impl Instance {
    /// The path that the task gets when `parent` enters it next.
    pub(crate) fn path_of(&self, parent: StepId, task: TaskId) -> Path {
        let step = self.step(parent);
        let iteration = match step.activity {
            Activity::Loop { index, .. } => index,
            Activity::Listen(ref listen) => listen.outputs.len() as u32,
            _ => 0,
        };
        let visit = step.visits.get(&task).copied().unwrap_or(0);
        let mut path = step.path.child(task, iteration, visit);
        while self.spent.contains(&path) {
            path = path.again();
        }
        path
    }
}
