//! Services as Consul's clients define them.

use motet_expr::Value;
use motet_runtime::service::EndpointUrl;
use motet_runtime::{
    CHECKS_MAX, Check, Details, EndpointId, METADATA_BYTES_MAX, Registration, TAGS_MAX,
};
use motet_types::{Label, ServiceName, Version};

use super::check::Defined;
use super::fields::{Fields, refuse};
use super::unsupported;
use crate::problem::Problem;
use crate::query::read;

/// Largest weight, as in Consul.
const WEIGHT_MAX: u32 = 65_535;

/// An endpoint of a service.
pub(super) fn read_service(
    namespace: &Label,
    own: &Value,
) -> Result<(ServiceName, EndpointId, Registration), Problem> {
    let mut fields = Fields::of(own, "the service")?;
    let name = fields.text("Name")?.ok_or_else(|| refuse("the service has no Name"))?;
    let id = fields.text("ID")?.unwrap_or_else(|| name.clone());
    let (tags, metadata) = (fields.texts("Tags")?, fields.map("Meta")?);
    let (address, port) = (fields.text("Address")?, fields.number("Port")?);
    let (weight, warning_weight) = weights(fields.take("Weights"))?;
    let (one, several) = (fields.take("Check"), fields.take("Checks"));
    // Nobody but who registers changes tags, whatever this says.
    drop(fields.take("EnableTagOverride"));
    if fields.text("Kind")?.is_some_and(|kind| kind != "typical") {
        return Err(unsupported("the service is a part of a mesh, which Motet is not"));
    }
    if fields.text("Namespace")?.is_some_and(|own| own != namespace.as_str()) {
        return Err(refuse("the service is of another namespace than the request: say ?ns="));
    }
    fields.end()?;
    let bytes: usize = metadata.iter().map(|(name, text)| name.len() + text.len()).sum();
    if bytes + tags.iter().map(String::len).sum::<usize>() > METADATA_BYTES_MAX {
        return Err(refuse("Meta and Tags have more than 8 KiB together"));
    }
    if tags.len() > TAGS_MAX {
        return Err(refuse(format!("the service has more than {TAGS_MAX} tags")));
    }
    let label = |name: &str| {
        let tagged = tags.iter().find_map(|tag| tag.strip_prefix(name)?.strip_prefix('='));
        metadata.get(name).map(String::as_str).or(tagged).map(str::to_owned)
    };
    let is_secure = label("secure").is_some_and(|text| text == "true");
    let scheme = label("scheme").filter(|scheme| scheme == "https").is_some() || is_secure;
    let url = url(scheme, address, port)?;
    let checks = checks(&id, &url, one, several)?;
    let details = Details { tags: tags.clone(), warning_weight, checks };
    let registration = Registration {
        url,
        version: label("version").map(|text| version(&text)).transpose()?,
        zone: label("zone").filter(|zone| !zone.is_empty()),
        weight,
        lease: details.lease(),
        metadata: metadata.clone(),
        details: Some(Box::new(details)),
    };
    let name = ServiceName { namespace: namespace.clone(), name: read("Name", &name)? };
    Ok((name, read("ID", &id)?, registration))
}

/// Consul would take the address of the agent that stands beside the service; Motet stands beside nobody.
fn url(
    is_secure: bool,
    address: Option<String>,
    port: Option<u32>,
) -> Result<EndpointUrl, Problem> {
    let address = address.ok_or_else(|| {
        refuse("the service has no Address: Motet is no agent beside it, and has to be told")
    })?;
    let port = port.filter(|port| (1..=65_535).contains(port));
    let port = port.ok_or_else(|| refuse("the service has no Port from 1 to 65535"))?;
    let host = match address.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => address,
    };
    let scheme = if is_secure { "https" } else { "http" };
    let url = format!("{scheme}://{host}:{port}").parse();
    url.map_err(|error| refuse(format!("the Address {host:?}: {error}")))
}

fn weights(own: Option<Value>) -> Result<(u32, u32), Problem> {
    let Some(own) = own else { return Ok((1, 1)) };
    let mut fields = Fields::of(&own, "Weights")?;
    let (passing, warning) = (fields.number("Passing")?, fields.number("Warning")?);
    fields.end()?;
    let weight = |own: Option<u32>| match own.unwrap_or(1) {
        own if (1..=WEIGHT_MAX).contains(&own) => Ok(own),
        _ => Err(refuse("Weights are whole numbers from 1 to 65535")),
    };
    Ok((weight(passing)?, weight(warning)?))
}

/// A version as people write them: `1.2.0`, `v1.2.0`, `1.2`, `1`.
fn version(text: &str) -> Result<Version, Problem> {
    let plain = text.strip_prefix('v').unwrap_or(text);
    let is_short = plain.split('.').all(|part| part.parse::<u32>().is_ok());
    let missing = if is_short { 3_usize.saturating_sub(plain.split('.').count()) } else { 0 };
    let whole = format!("{plain}{}", ".0".repeat(missing));
    whole.parse().map_err(|_| {
        let why = "is none: write it as 1.2.0, or call the tag or the metadata otherwise";
        refuse(format!("the version {text:?} {why}"))
    })
}

fn checks(
    id: &str,
    url: &EndpointUrl,
    one: Option<Value>,
    several: Option<Value>,
) -> Result<Vec<Check>, Problem> {
    let several = match several {
        None => Vec::new(),
        Some(Value::Arr(items)) => items.to_vec(),
        Some(_) => return Err(refuse("Checks is not a list")),
    };
    let all: Vec<Value> = one.into_iter().chain(several).collect();
    if all.len() > CHECKS_MAX {
        return Err(refuse(format!("the service has more than {CHECKS_MAX} checks")));
    }
    let count = all.len();
    let mut checks: Vec<Check> = Vec::with_capacity(count);
    for (nth, own) in all.iter().enumerate() {
        let mut own = Defined::read(own)?;
        let own_id = own.id.take().unwrap_or_else(|| match count {
            1 => format!("service:{id}"),
            _ => format!("service:{id}:{}", nth + 1),
        });
        if checks.iter().any(|check| check.id == own_id) {
            return Err(refuse(format!("two checks have the id {own_id:?}")));
        }
        checks.push(own.at(url, own_id)?);
    }
    Ok(checks)
}
