use super::*;

const FILE: &str = r#"
current = "home"

[contexts.home]
server = "http://localhost:7080"

[contexts.production]
server = "https://motet.example.com"
token = "motet_x"
ca-cert = "authority.pem"

[contexts.odd]
serer = "x"
"#;

fn parse(name: Option<&str>) -> Result<Target, Failure> {
    Target::parse(FILE, name, Path::new("/etc/motet/contexts.toml"))
}

#[test]
fn a_context_is_named_or_current() {
    let home = parse(None).map_err(|failure| failure.message).unwrap_or_default();
    assert_eq!((home.server.as_str(), home.token), ("http://localhost:7080", None));
    let production =
        parse(Some("production")).map_err(|failure| failure.message).unwrap_or_default();
    assert_eq!(production.server, "https://motet.example.com");
    assert_eq!(production.token.as_deref(), Some("motet_x"));
    assert_eq!(production.ca_cert, Some("/etc/motet/authority.pem".into()));
}

#[test]
fn mistakes_are_named() {
    let message = |name| parse(Some(name)).err().map(|failure| failure.message);
    assert_eq!(
        message("staging").as_deref(),
        Some("there is no context \"staging\": /etc/motet/contexts.toml has home, odd, production")
    );
    assert_eq!(
        message("odd").as_deref(),
        Some(
            "/etc/motet/contexts.toml: odd: there is no setting \"serer\": server, token, token-file, ca-cert"
        )
    );
}

#[test]
fn a_server_that_is_named_gets_no_token_of_another() {
    let server = Some("http://elsewhere:7080".to_owned());
    let target = Target::of(&Connection { server, ..Connection::default() });
    let target = target.map_err(|failure| failure.message).unwrap_or_default();
    assert_eq!((target.server.as_str(), target.token), ("http://elsewhere:7080", None));
}
