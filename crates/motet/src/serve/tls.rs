//! Certificate and key of the server: read at the start, and again whenever the files change or on SIGHUP.

use std::convert::Infallible;
use std::time::Duration;

use motet_api::{Tls, TlsError, TlsFiles};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;

/// Between two looks at the files.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

pub(super) fn load(config: &Config) -> Result<Option<Tls>, Failure> {
    let (certificates, key) = match (&config.tls_cert, &config.tls_key) {
        (Some(certificates), Some(key)) => (certificates.clone(), key.clone()),
        (None, None) if config.tls_client_ca.is_none() => return Ok(None),
        _ => {
            let message = "TLS needs both the certificate (tls-cert) and its key (tls-key)";
            return Err(Failure::new("invalid-configuration", message));
        }
    };
    let client_authorities = config.tls_client_ca.clone();
    let tls = Tls::load(TlsFiles { certificates, key, client_authorities });
    tls.map(Some).map_err(|error| unusable(&error))
}

/// Takes new files up, for ever. Bad ones are told once, and change nothing.
pub(super) async fn keep_fresh(tls: Option<Tls>, output: &Output) -> Infallible {
    let (Some(tls), Ok(mut hang_up)) = (tls, signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    loop {
        let must = tokio::select! {
            _ = hang_up.recv() => true,
            () = tokio::time::sleep(LOOK_INTERVAL) => false,
        };
        match tls.reload(must) {
            Ok(true) => output.note("motet: a new certificate is in use"),
            Ok(false) => {}
            Err(error) => {
                let message = format!("{error}; the certificate from before stays in use");
                output.fail(&Failure::new("unusable-certificate", message));
            }
        }
    }
}

fn unusable(error: &TlsError) -> Failure {
    Failure::new("unusable-certificate", error.to_string())
}
