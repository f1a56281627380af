use super::*;

#[test]
fn ports_are_cut_from_names_and_not_from_addresses() {
    for (host, name) in [
        ("localhost", "localhost"),
        ("localhost:80", "localhost"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("127.0.0.1:7080", "127.0.0.1"),
    ] {
        assert_eq!(without_port(host), name);
    }
}

#[test]
fn a_server_on_every_address_takes_each_of_them_by_number_and_none_by_name() {
    let listen = Some("0.0.0.0:7080".parse().unwrap());
    let guard = Guard::new(&Options { listen, ..Options::default() });
    assert!(guard.is_ours("192.0.2.7:7080"));
    assert!(guard.is_ours("[2001:db8::1]"));
    assert!(!guard.is_ours("rebound.example.com:7080"));
    assert!(!guard.is_ours(""));
}

#[test]
fn two_hosts_are_none() {
    let guard = Guard::new(&Options::default());
    let request = |hosts: &[&str]| {
        let mut request = Request::get("/livez");
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    };
    assert!(guard.check(&request(&["localhost"])).is_ok());
    for hosts in [&[][..], &["localhost", "evil.example.com"]] {
        assert_eq!(guard.check(&request(hosts)).unwrap_err().code, Code::ForeignHost);
    }
}
