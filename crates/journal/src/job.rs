//! Jobs as they are recorded. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::{Assignment, AssignmentChange, Escalation, Job, JobCommand, JobWork, Priority};

use crate::Error;
use crate::field::{Item, message, variants};
use crate::wire::{Reader, Wire, Writer};

message!(Job { 1 input, 2 created_at, 3 work });

variants!("job's work", JobWork {
    1 Worker { 1 kind, 2 priority, 3 timeout, 4 heartbeat },
    2 Person { 1 title, 2 escalation },
});

variants!("escalation", Escalation {
    1 Timeout,
    2 Reassign { 1 assignee, 2 groups, 3 due },
});

message!(Assignment { 1 assignee, 2 groups, 3 claimant, 4 due, 5 is_escalated });

variants!("assignment change", AssignmentChange {
    1 Claimed,
    2 Unclaimed,
    3 Reassigned,
    4 Escalated,
});

variants!("job command", JobCommand {
    1 Complete { 1 output, 2 by },
    2 Fail { 1 error, 2 retries, 3 backoff, 4 by },
    3 Claim { 1 by },
    4 Unclaim { 1 by },
    5 Reassign { 1 assignee, 2 groups, 3 due, 4 by },
});

/// A signed number.
impl Item for Priority {
    const WIRE: Wire = Wire::Varint;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.zigzag(i64::from(self.0));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let number = i16::try_from(reader.zigzag()?);
        number.map(Self).map_err(|_| reader.malformed("a priority is out of range"))
    }

    fn default_item() -> Option<Self> {
        Some(Self(0))
    }

    fn is_default(&self) -> bool {
        self.0 == 0
    }
}
