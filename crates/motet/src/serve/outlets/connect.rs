//! Adapters from what the configuration says.

use std::sync::Arc;
use std::time::Duration;

use motet_events::{
    HttpOptions, HttpSink, KafkaOptions, KafkaSink, KafkaSource, Login, Mechanism, NatsOptions,
    NatsSink, NatsSource, Sink, Source, Tls,
};
use motet_runtime::Secrets;

use crate::config::{Kind, Outlet};
use crate::failure::Failure;

/// How long a broker may be gone before a pump says so.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn source(outlet: &Outlet, secrets: &dyn Secrets) -> Result<Arc<dyn Source>, Failure> {
    Ok(match outlet.kind {
        Kind::Kafka => {
            let source = KafkaSource::new(kafka(outlet, secrets)?);
            Arc::new(source.map_err(|error| wrong(outlet, &error))?)
        }
        Kind::Nats | Kind::Http => Arc::new(NatsSource::new(nats(outlet, secrets)?)),
    })
}

pub(super) fn sink(outlet: &Outlet, secrets: &dyn Secrets) -> Result<Arc<dyn Sink>, Failure> {
    Ok(match outlet.kind {
        Kind::Kafka => {
            let sink = KafkaSink::new(kafka(outlet, secrets)?);
            Arc::new(sink.map_err(|error| wrong(outlet, &error))?)
        }
        Kind::Nats => Arc::new(NatsSink::new(nats(outlet, secrets)?)),
        Kind::Http => {
            let authorization = outlet.text("authorization-secret");
            let authorization = authorization.map(|name| secret(outlet, secrets, name));
            let options = HttpOptions {
                address: outlet.addresses.concat(),
                tls: tls(outlet),
                authorization: authorization.transpose()?,
                patience: PATIENCE,
            };
            Arc::new(HttpSink::new(&options).map_err(|error| wrong(outlet, &error))?)
        }
    })
}

fn kafka(outlet: &Outlet, secrets: &dyn Secrets) -> Result<KafkaOptions, Failure> {
    Ok(KafkaOptions {
        addresses: outlet.addresses.clone(),
        topic: outlet.text("topic").unwrap_or_default().to_owned(),
        tls: outlet.is_on("tls").then(|| tls(outlet)),
        login: login(outlet, secrets)?,
        patience: PATIENCE,
    })
}

fn nats(outlet: &Outlet, secrets: &dyn Secrets) -> Result<NatsOptions, Failure> {
    Ok(NatsOptions {
        addresses: outlet.addresses.clone(),
        stream: outlet.text("stream").unwrap_or_default().to_owned(),
        subject: outlet.text("subject").map(str::to_owned),
        tls: outlet.is_on("tls").then(|| tls(outlet)),
        login: login(outlet, secrets)?,
        patience: PATIENCE,
    })
}

fn tls(outlet: &Outlet) -> Tls {
    let client = outlet.path("tls-cert").zip(outlet.path("tls-key"));
    Tls { ca: outlet.path("tls-ca"), client }
}

fn login(outlet: &Outlet, secrets: &dyn Secrets) -> Result<Option<Login>, Failure> {
    let Some((user, name)) = outlet.text("user").zip(outlet.text("password-secret")) else {
        return Ok(None);
    };
    let mechanism = match outlet.text("mechanism") {
        Some("scram-sha-256") => Mechanism::ScramSha256,
        Some("scram-sha-512") => Mechanism::ScramSha512,
        _ => Mechanism::Plain,
    };
    let password = secret(outlet, secrets, name)?;
    Ok(Some(Login { mechanism, user: user.to_owned(), password }))
}

fn secret(outlet: &Outlet, secrets: &dyn Secrets, name: &str) -> Result<String, Failure> {
    secrets.secret(name).ok_or_else(|| {
        let message = format!("{}: there is no secret {name:?}", outlet.name);
        Failure::new("invalid-configuration", message)
            .with_hint("put it where the server's secrets are: docs/security.md")
    })
}

fn wrong(outlet: &Outlet, error: &motet_events::Error) -> Failure {
    Failure::new("invalid-configuration", format!("{}: {error}", outlet.name))
}
