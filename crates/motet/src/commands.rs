//! What each command does, one file a subject.

mod documents;
mod publish;
mod test;

mod dependencies;
mod describe;
mod event;
mod history;
mod list;
mod run;
mod schedule;
mod service;
mod sink;
mod steer;
mod tag;
mod tasks;

mod audit;
mod purge;
mod secret;
mod token;

mod backup;
mod completions;
mod demo;
mod dev;
mod store;

use std::future::Future;

use crate::cli::{Command, Connection};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::serve;

pub(crate) use store::failed as store_failed;

/// How a command ended.
pub(crate) type Ended = Result<Exit, Failure>;

/// Carries a command out.
pub(crate) fn run(command: Command, connection: &Connection, output: &Output) -> Ended {
    let client = || Client::new(connection);
    match command {
        Command::Serve(options) => serve::command(&options, output),
        Command::Demo { keep } => demo::demo(keep, output),
        Command::Dev(options) => dev::dev(&options, connection, output),
        Command::Validate { files, strict, saga } => {
            documents::validate(&files, strict, saga, output)
        }
        Command::Test(options) => test::test(&options, output),
        Command::Graph { file: Some(file), format, all: _ } => {
            documents::graph(&file, format, output)
        }
        Command::Graph { file: None, format, all } => {
            block_on(dependencies::graph(&client()?, format, all, output))
        }
        Command::CriticalPath(options) => {
            block_on(dependencies::critical_path(&client()?, &options, output))
        }
        Command::Impact(options) => block_on(dependencies::impact(&client()?, &options, output)),
        Command::Publish { files } => block_on(publish::publish(&client()?, &files, output)),
        Command::Run(options) => block_on(run::run(&client()?, &options, output)),
        Command::Get { what } => block_on(list::get(&client()?, &what, output)),
        Command::Describe { id } => match id.strip_prefix("service/") {
            Some(name) => block_on(service::describe(&client()?, name, output)),
            None => block_on(describe::describe(&client()?, &id, output)),
        },
        Command::Service { what } => block_on(service::service(&client()?, &what, output)),
        Command::History { id } => block_on(history::history(&client()?, &id, output)),
        Command::Watch { id } => block_on(history::watch(&client()?, &id, output)),
        Command::Cancel(options) => block_on(steer::cancel(&client()?, &options, output)),
        Command::Suspend(options) => {
            block_on(steer::steer(&client()?, "suspend", "", &options, output))
        }
        Command::Resume(options) => {
            block_on(steer::steer(&client()?, "resume", "", &options, output))
        }
        Command::Retry(options) => {
            block_on(steer::steer(&client()?, "retry", "", &options, output))
        }
        Command::Event { what } => block_on(event::event(&client()?, &what, output)),
        Command::Sink { what } => block_on(sink::sink(&client()?, &what, output)),
        Command::Tag { workflow, tag, version, reason } => {
            let change = tag.zip(version);
            block_on(tag::tag(&client()?, &workflow, change, reason, output))
        }
        Command::Purge { ids, force, reason } => {
            block_on(purge::purge(&client()?, &ids, force, reason, output))
        }
        Command::Token { what } => token::token(&what, connection, output),
        Command::Secret { what } => block_on(secret::secret(&client()?, &what, output)),
        Command::Audit(options) => block_on(audit::audit(&client()?, &options, output)),
        Command::Tasks { what } => block_on(tasks::tasks(&client()?, &what, output)),
        Command::Schedule { what } => block_on(schedule::schedule(&client()?, &what, output)),
        Command::Store { what } => store::store(&what, output),
        Command::Backup { target, data } => {
            backup::backup(&target, data.as_deref(), connection, output)
        }
        Command::Restore(options) => backup::restore(&options, output),
        Command::Schema { what } => completions::schema(what, output),
        Command::Completions { shell } => completions::print(shell, output),
    }
}

/// Runs a client's work on this thread: nothing of it is worth a second one.
fn block_on(work: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new("server-unreachable", format!("the system gives no event queue: {error}"))
    })?;
    runtime.block_on(work)
}
