use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_key_is_whole_its_own_and_read_by_its_owner_only() {
    let data = std::env::temp_dir().join(format!("motet-key-{}", std::process::id()));
    let other = data.join("other");
    fs::create_dir_all(&other).unwrap();
    assert!(read(&path(&data)).unwrap().is_none());
    let key = create(&data).unwrap();
    assert!(read(&path(&data)).unwrap() == Some(key.clone()));
    assert_eq!(fs::metadata(path(&data)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(create(&other).unwrap() != key, "keys differ");
    write(&other, &key).unwrap();
    assert!(read(&path(&other)).unwrap() == Some(key));
    fs::write(path(&data), "short").unwrap();
    let failure = read(&path(&data)).unwrap_err();
    assert!(failure.message.ends_with("it has 5 bytes, not 32"), "{}", failure.message);
    fs::remove_dir_all(&data).unwrap();
}

#[test]
fn a_missing_key_says_where_it_belongs() {
    let failure = missing(Path::new("/data"), " has no key");
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("missing-secret-key", "/data has no key")
    );
    assert!(failure.hint.unwrap().contains("/data/secret.key"));
}
