//! Commands of people who have tasks.

use clap::{Args, Subcommand};

use super::limit;

#[derive(Debug, Subcommand)]
pub(crate) enum Tasks {
    /// Open tasks, oldest instances first
    List {
        /// Claimed by this person, or given to it
        #[arg(long)]
        assignee: Option<String>,
        /// Members of this group may claim it
        #[arg(long)]
        group: Option<String>,
        /// open or claimed
        #[arg(long)]
        status: Option<String>,
        /// Of workflows of this namespace
        #[arg(long)]
        namespace: Option<String>,
        /// Most tasks to show
        #[arg(long, default_value_t = 50, value_parser = limit)]
        limit: usize,
    },
    /// A task, with what it is about and its form
    Show {
        /// Id of the task
        id: String,
    },
    /// Take a task
    Claim(TaskUser),
    /// Give a task back
    Unclaim(TaskUser),
    /// Complete a task
    Complete {
        #[command(flatten)]
        user: TaskUser,
        /// What is answered: JSON, @FILE, or - for standard input
        #[arg(long, default_value = "{}", value_name = "JSON")]
        answer: String,
    },
    /// Give a task to somebody else
    Reassign {
        /// Id of the task
        id: String,
        /// Whom it is given to
        #[arg(long)]
        assignee: Option<String>,
        /// Groups whose members may claim it
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        /// Due from now on at this instant
        #[arg(long, value_name = "INSTANT")]
        due: Option<String>,
        /// Who says so
        #[arg(long)]
        user: Option<String>,
    },
}

/// Which task, and who does something with it.
#[derive(Args, Debug)]
pub(crate) struct TaskUser {
    /// Id of the task
    pub(crate) id: String,
    /// Who it is
    #[arg(long, env = "USER")]
    pub(crate) user: String,
}
