//! What other tools read: completions for shells, schemas for editors.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Ended;
use crate::cli::{Cli, Schema};
use crate::config;
use crate::failure::Exit;
use crate::output::Output;

pub(super) fn print(shell: Shell, output: &Output) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "motet", &mut script);
    output.print(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

pub(super) fn schema(what: Schema, output: &Output) -> Ended {
    output.print(&schema_text(what));
    Ok(Exit::Done)
}

pub(crate) fn schema_text(what: Schema) -> String {
    match what {
        Schema::Workflow => motet_definition::to_json(&motet_definition::json_schema()),
        Schema::Scenarios => motet_scenario::json_schema().to_owned(),
        Schema::Config => config::schema(),
        Schema::Api => motet_api::openapi(),
    }
}
