use std::collections::BTreeMap;

use super::settings::{self, Setting};
use super::table::SETTINGS;

/// What the commands read beside the settings of a server.
const OF_COMMANDS: [&str; 6] = [
    "MOTET_CA_CERT",
    "MOTET_CONFIG",
    "MOTET_CONTEXT",
    "MOTET_CONTEXTS",
    "MOTET_SERVER",
    "MOTET_TOKEN",
];

/// Secrets, trials and tests, and what Kubernetes and Docker set for a service named `motet`.
const FAMILIES: [&str; 6] =
    ["MOTET_SECRET_", "MOTET_TEST_", "MOTET_SPEC_", "MOTET_WRITE_", "MOTET_PORT", "MOTET_SERVICE_"];

/// The variables whose names and values are text; no setting is anything else.
pub(super) fn read() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Whether the variables of OpenTelemetry name a collector for traces, and do not turn them off.
pub(super) fn names_collector(environment: &BTreeMap<String, String>) -> bool {
    let is = |name: &str, wanted: &str| {
        environment.get(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let is_named = |name: &&str| environment.get(*name).is_some_and(|value| !value.is_empty());
    names.iter().any(is_named)
        && !is("OTEL_SDK_DISABLED", "true")
        && !is("OTEL_TRACES_EXPORTER", "none")
}

/// Remarks on variables that look like Motet's and that nothing reads: mistyped ones, mostly.
pub(crate) fn unread_variables() -> Vec<String> {
    unread(&read())
}

pub(super) fn unread(environment: &BTreeMap<String, String>) -> Vec<String> {
    let remark = |name: &String| {
        let rest = name.strip_prefix("MOTET_")?;
        let is_read = SETTINGS.iter().any(|setting| setting.variable() == *name)
            || OF_COMMANDS.contains(&name.as_str())
            || FAMILIES.iter().any(|family| name.starts_with(family));
        if is_read {
            return None;
        }
        let near = settings::nearest(rest)
            .and_then(|key| SETTINGS.iter().find(|setting| setting.key == key))
            .map(Setting::variable);
        let hint = match near {
            Some(near) => format!("did you mean {near}?"),
            None => "`motet serve --print-config` prints every setting".to_owned(),
        };
        Some(format!("motet: nothing reads the variable {name} ({hint})"))
    };
    environment.keys().filter_map(remark).collect()
}
