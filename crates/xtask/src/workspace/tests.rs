use super::*;

#[test]
fn the_root_is_where_the_workspace_is_declared() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.starts_with("[workspace]"));
}

#[test]
fn cargo_is_not_told_of_this_package() {
    let command = cargo(&root());
    let removed =
        |name: &str| command.get_envs().any(|(other, value)| other == name && value.is_none());
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "cargo tells a test its package");
    assert!(removed("CARGO_PKG_NAME"));
    assert!(removed("CARGO_MANIFEST_DIR"));
    assert!(!removed("PATH"));
    assert_eq!(command.get_current_dir(), Some(root().as_path()));
}

#[test]
fn a_command_that_fails_is_named() {
    let error_of = |command: &mut Command| output(command).unwrap_err().to_string();
    assert_eq!(
        error_of(Command::new("sh").args(["-c", "exit 4"])),
        "sh -c exit 4 failed: exit status: 4"
    );
    assert_eq!(error_of(&mut Command::new("/nowhere/nonesuch")), "cannot start nonesuch");
    assert_eq!(error_of(Command::new("printf").arg(r"\377")), r"printf \377 printed no UTF-8");
    assert_eq!(output(Command::new("printf").arg("a b")).unwrap(), "a b");
}
