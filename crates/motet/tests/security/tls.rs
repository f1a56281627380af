//! TLS with certificates that are made here.

use std::fs;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

use crate::support::{Directory, Server, motet};

/// An authority of our own.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Writes a certificate for this machine and its key.
fn certify(directory: &Directory, authority: &CertifiedIssuer<'static, KeyPair>, name: &str) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    // The key first: whoever looks in between finds the old certificate with another key, and keeps what it has.
    directory.write(&format!("{name}.key"), &key.serialize_pem());
    directory.write(&format!("{name}.pem"), &certificate.pem());
}

fn server(directory: Directory) -> Server {
    let arguments =
        ["serve", "--data", "data", "--tls-cert", "server.pem", "--tls-key", "server.key"];
    Server::spawn_for(directory, &arguments, &[("MOTET_CA_CERT", "ca.pem")])
}

#[test]
fn a_certificate_is_taken_up_while_the_server_runs() {
    let directory = Directory::new();
    let (first, second) = (authority("first"), authority("second"));
    certify(&directory, &first, "server");
    directory.write("ca.pem", &first.pem());
    directory.write("second.pem", &second.pem());
    let server = server(directory);
    assert!(server.address().starts_with("https://"), "{}", server.address());
    let untrusted = server.motet("get workflows --ca-cert second.pem");
    assert!(untrusted.stderr.contains("error[server-unreachable]"), "{}", untrusted.stderr);
    // What cannot be used changes nothing.
    let good = fs::read(server.directory.path("server.pem")).unwrap();
    server.directory.write("server.pem", "no certificate");
    server.signal("HUP");
    assert_eq!(server.motet("get workflows").code, 0);
    fs::write(server.directory.path("server.pem"), good).unwrap();
    certify(&server.directory, &second, "server");
    server.signal("HUP");
    server.wait_for("get workflows --ca-cert second.pem", "WORKFLOW");
    assert_eq!(server.motet("get workflows").code, 1, "the first authority has signed it no more");
    assert_eq!(server.stop(), 0);
}

#[test]
fn bad_files_end_the_start_with_what_is_wrong() {
    let directory = Directory::new();
    let authority = authority("ours");
    certify(&directory, &authority, "server");
    certify(&directory, &authority, "other");
    directory.write("empty.pem", "");
    for (arguments, wanted) in [
        ("--tls-cert server.pem", "both the certificate"),
        ("--tls-cert none.pem --tls-key server.key", "none.pem"),
        ("--tls-cert empty.pem --tls-key server.key", "it holds no certificate"),
        ("--tls-cert server.pem --tls-key server.pem", "server.pem"),
        ("--tls-cert server.pem --tls-key other.key", "do not serve"),
        ("--tls-cert server.pem --tls-key server.key --tls-client-ca empty.pem", "empty.pem"),
    ] {
        let serve = format!("serve --data data --listen 127.0.0.1:0 {arguments}");
        let ran = motet(&directory, &[]).run(&serve);
        assert!(ran.stderr.contains(wanted), "{arguments}: {}", ran.stderr);
        assert_eq!(ran.code, 1, "{arguments}");
    }
    assert!(!directory.path("data").exists(), "nothing was begun");
}
