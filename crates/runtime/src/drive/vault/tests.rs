use super::*;

fn seal(byte: u8) -> Seal {
    Seal::new(&SecretKey([byte; 32]))
}

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

#[test]
fn what_was_sealed_opens_under_its_key_and_name_alone() {
    let sealed = seal(1).seal(&name("shop/api"), "hunter2").unwrap();
    assert_eq!(seal(1).open(&name("shop/api"), &sealed).as_deref(), Some("hunter2"));
    assert_eq!(seal(2).open(&name("shop/api"), &sealed), None);
    assert_eq!(seal(1).open(&name("shop/other"), &sealed), None);
    assert_eq!(seal(1).open(&name("pay/api"), &sealed), None);
}

#[test]
fn a_changed_or_shortened_byte_opens_nothing() {
    let sealed = seal(1).seal(&name("shop/api"), "hunter2").unwrap();
    for idx in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[idx] ^= 1;
        assert_eq!(seal(1).open(&name("shop/api"), &changed), None, "byte {idx}");
        assert_eq!(seal(1).open(&name("shop/api"), &sealed[..idx]), None, "{idx} bytes");
    }
}

#[test]
fn the_same_value_is_sealed_differently_each_time_and_never_shows() {
    let name = name("shop/api");
    let one = seal(1).seal(&name, "hunter2").unwrap();
    assert_ne!(one, seal(1).seal(&name, "hunter2").unwrap());
    assert!(!one.windows(7).any(|window| window == b"hunter2"));
    assert_eq!(one.len(), 1 + SALT_BYTES + "hunter2".len() + 16);
    let empty = seal(1).seal(&name, "").unwrap();
    assert_eq!(seal(1).open(&name, &empty).as_deref(), Some(""));
}

#[test]
fn properties_are_found_in_objects() {
    let secret = r#"{"user": "ann", "port": 5432, "tls": {"pin": true, "none": null}}"#;
    for (path, found) in [
        ("user", Some("ann")),
        ("port", Some("5432")),
        ("tls.pin", Some("true")),
        ("tls", None),
        ("tls.none", None),
        ("missing", None),
    ] {
        assert_eq!(property(secret, path).as_deref(), found, "{path}");
    }
    assert_eq!(property("no object", "user"), None);
}
