use super::*;

/// A new directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("motet-secrets-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn secrets_come_from_files_whole_or_by_property() {
    let directory = Directory::new("files");
    fs::write(directory.0.join("token"), "abc\n").unwrap();
    fs::write(directory.0.join("shop"), r#"{"user":"u","nested":{"password":"p"},"number":7}"#)
        .unwrap();
    fs::write(directory.0.join("large"), "x".repeat(64 * 1024 + 1)).unwrap();
    let secrets = ConfiguredSecrets::new(Some(directory.0.clone()));
    for (name, expected) in [
        ("token", Some("abc")),
        ("shop.user", Some("u")),
        ("shop.nested.password", Some("p")),
        ("shop.number", Some("7")),
        ("shop.nested", None),
        ("shop.other", None),
        ("token.user", None),
        ("missing", None),
        ("large", None),
        ("../files/token", None),
        ("..", None),
        ("", None),
    ] {
        assert_eq!(secrets.secret(name).as_deref(), expected, "{name}");
    }
    assert_eq!(ConfiguredSecrets::new(None).secret("token"), None);
}

#[test]
fn variables_are_named_as_shells_allow() {
    assert_eq!(variable("api-key"), "MOTET_SECRET_API_KEY");
    assert_eq!(variable("paymentToken2"), "MOTET_SECRET_PAYMENTTOKEN2");
}
