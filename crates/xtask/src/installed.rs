//! Programs of this machine: those that are there, and those that Debian's packages bring.

use std::process::{Command, Stdio};

use crate::Missing;

/// Sees to it that a program is there, if need be by its package.
///
/// # Errors
/// [`Missing`] where it cannot be had.
pub(crate) fn ensure_program(
    program: &str,
    tells_version: &str,
    package: &str,
) -> Result<(), Missing> {
    let is_there = || succeeds(Command::new(program).arg(tells_version));
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends", package]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    if is_there() || (succeeds(&mut install) && is_there()) {
        return Ok(());
    }
    Err(Missing(format!("{program} is not installed: apt-get install {package}")))
}

/// Whether a command can be started and ends well; what it says goes to standard error.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed_and_what_is_nowhere_is_missing() {
        assert!(ensure_program("cargo", "--version", "no-such-package").is_ok());
        let missing = ensure_program("no-such-program", "--version", "no-such-package");
        let expected = "no-such-program is not installed: apt-get install no-such-package";
        assert_eq!(missing.expect_err("it is nowhere").0, expected);
    }
}
