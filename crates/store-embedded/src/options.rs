use std::time::Duration;

use motet_types::Limits;

/// No frame is larger, whatever the limits say, in bytes: its length has 32 bits.
const FRAME_BYTES_CEILING: usize = 1 << 30;

/// How an embedded store paces and limits itself; the defaults are meant for production.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size of the first segments, in bytes: small, because a first start waits for one, and idle servers need no more.
    pub segment_bytes_first: u64,
    /// Size to which segments grow under load, in bytes; one that must hold a larger frame is larger.
    pub segment_bytes_max: u64,
    /// Segments kept ready.
    pub segments_spare: usize,
    /// Commits that close a frame.
    pub frame_commits_max: usize,
    /// Bytes that close a frame.
    pub frame_bytes_target: usize,
    /// One frame, in bytes; a larger commit is refused.
    pub frame_bytes_max: usize,
    /// What the overlay may hold, in bytes; beyond it commits wait.
    pub overlay_bytes_max: usize,
    /// Bytes in the overlay that begin a checkpoint before its time.
    pub checkpoint_bytes: usize,
    /// Time between checkpoints.
    pub checkpoint_interval: Duration,
    /// Threads that answer loads and row scans.
    pub load_threads: usize,
    /// Threads that answer queries and histories.
    pub query_threads: usize,
    /// Reads that one thread answers from one snapshot.
    pub reads_batch_max: usize,
    /// Size of the reserve that is given back when the disk is full, in bytes; 0 keeps none.
    pub reserve_bytes: u64,
    /// Keep unsynced writes of the log in memory, so that a killed process loses them: for tests of real processes.
    pub lose_unsynced_writes: bool,
    /// A fault to build in.
    #[cfg(feature = "sabotage")]
    pub sabotage: Option<Sabotage>,
}

impl Default for Options {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        let limits = Limits::default();
        Self {
            segment_bytes_first: 4 * MIB,
            segment_bytes_max: limits.segment_bytes_max as u64,
            segments_spare: 2,
            frame_commits_max: limits.frame_commits_max,
            frame_bytes_target: limits.frame_bytes_target,
            frame_bytes_max: limits.frame_bytes_max,
            overlay_bytes_max: limits.overlay_bytes_max,
            checkpoint_bytes: limits.overlay_bytes_max / 8,
            checkpoint_interval: Duration::from_secs(1),
            load_threads: 2,
            query_threads: 2,
            reads_batch_max: 256,
            reserve_bytes: limits.disk_reserve_bytes as u64,
            lose_unsynced_writes: false,
            #[cfg(feature = "sabotage")]
            sabotage: None,
        }
    }
}

impl Options {
    /// The limits that the server's operator may move.
    pub fn with_limits(self, limits: &Limits) -> Self {
        Self {
            frame_commits_max: limits.frame_commits_max,
            frame_bytes_target: limits.frame_bytes_target,
            frame_bytes_max: limits.frame_bytes_max.min(FRAME_BYTES_CEILING),
            overlay_bytes_max: limits.overlay_bytes_max,
            checkpoint_bytes: limits.overlay_bytes_max / 8,
            segment_bytes_max: limits.segment_bytes_max as u64,
            reserve_bytes: limits.disk_reserve_bytes as u64,
            ..self
        }
    }

    /// Small segments and no reserve: for tests and simulations.
    pub fn small() -> Self {
        const KIB: usize = 1024;
        Self {
            segment_bytes_first: 32 * KIB as u64,
            segment_bytes_max: 64 * KIB as u64,
            frame_bytes_target: 16 * KIB,
            frame_bytes_max: 64 * KIB,
            overlay_bytes_max: KIB * KIB,
            checkpoint_bytes: 128 * KIB,
            checkpoint_interval: Duration::from_millis(20),
            reserve_bytes: 0,
            ..Self::default()
        }
    }

    /// Whether this fault was asked for; never, without the feature `sabotage`.
    #[cfg(feature = "sabotage")]
    pub(crate) fn sabotaged(&self, fault: Sabotage) -> bool {
        self.sabotage == Some(fault)
    }

    /// Whether this fault was asked for; never, without the feature `sabotage`.
    #[cfg(not(feature = "sabotage"))]
    #[expect(clippy::unused_self, reason = "the same signature as with the feature")]
    pub(crate) fn sabotaged(&self, _fault: Sabotage) -> bool {
        false
    }
}

/// A fault that the simulator must notice; it can be built in only with the feature `sabotage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Commits are acknowledged although their frame was only written.
    AcknowledgeBeforeSync,
    /// A failed sync is tried again on the same file, and believed.
    FailedSyncRetried,
    /// Commits leave the overlay when a checkpoint begins.
    OverlayDroppedAtCheckpoint,
    /// Segments are recycled when a checkpoint begins.
    RecycledBeforeCovered,
    /// Recovery takes valid frames that an earlier use left in a segment.
    StaleSegmentReplayed,
    /// Recovery acts on frames that it only copied.
    TailNotSynced,
}

impl Sabotage {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self::AcknowledgeBeforeSync,
        Self::FailedSyncRetried,
        Self::OverlayDroppedAtCheckpoint,
        Self::RecycledBeforeCovered,
        Self::StaleSegmentReplayed,
        Self::TailNotSynced,
    ];
}
