//! The workflows of the shop, carried in the binary.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::services::ServiceName;

/// File name and text of each; children come before the workflows that run them.
pub(crate) const DOCUMENTS: [(&str, &str); 5] = [
    ("notify-customer.yaml", include_str!("../workflows/notify-customer.yaml")),
    ("fulfil-order.yaml", include_str!("../workflows/fulfil-order.yaml")),
    ("checkout.yaml", include_str!("../workflows/checkout.yaml")),
    ("restock.yaml", include_str!("../workflows/restock.yaml")),
    ("price-check.yaml", include_str!("../workflows/price-check.yaml")),
];

/// Writes the documents into a folder, with the services' ports counted from `base_port`.
pub(crate) fn write(folder: &Path, base_port: u16) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    DOCUMENTS
        .iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            fs::write(&path, with_ports(text, base_port)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        })
        .collect()
}

fn with_ports(text: &str, base_port: u16) -> anyhow::Result<String> {
    let mut text = text.to_owned();
    let address = |port| format!("http://127.0.0.1:{port}/");
    // By way of names that are no ports, so that a new port is never taken for one still to be replaced.
    for name in ServiceName::ALL {
        let written = name.port(ServiceName::BASE_PORT).context("the ports end at 65535")?;
        text = text.replace(&address(written.to_string()), &address(name.to_string()));
    }
    for name in ServiceName::ALL {
        let port = name.port(base_port).context("the ports end at 65535")?;
        text = text.replace(&address(name.to_string()), &address(port.to_string()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
