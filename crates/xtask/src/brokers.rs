//! Motet beside real brokers: `cargo xtask brokers`.
//!
//! Kafka comes as archives from Maven Central, NATS as a Debian package; both are kept under `target/brokers` and change
//! nothing else on the machine. The tests themselves (`crates/motet/tests/brokers`) start the brokers on loopback and stop
//! them by their ids. Java and Maven are installed where that is allowed; what cannot be had is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::installed::{ensure_program, succeeds};
use crate::{Missing, Reported, no_arguments, workspace};

/// The last series that still starts with Java 17.
const KAFKA_VERSION: &str = "3.9.1";
const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1";
const NATS: &str = "nats-server";
/// Debian packages by the program that shows whether they are there.
const TOOLS: [(&str, &str); 2] = [("java", "default-jre-headless"), ("mvn", "maven")];
/// Lies beside archives that are complete.
const COMPLETE: &str = "complete";

/// The command.
///
/// # Errors
/// A broker cannot be had, or a test fails.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    no_arguments(args)?;
    stage(&workspace::root())
}

/// Everything that needs brokers, as CI runs it.
///
/// # Errors
/// As [`run`]; [`Missing`] where a broker cannot be had.
pub(crate) fn stage(root: &Path) -> anyhow::Result<()> {
    let folder = workspace::target(root).join("brokers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let nats = nats(&folder)?;
    let kafka = kafka(&folder)?;
    let test = ["--package=motet", "--test=brokers"];
    // Nothing else looks at it, for it is no test of every day.
    let mut clippy = workspace::cargo(root);
    clippy.arg("clippy").args(test).args(["--", "--deny=warnings"]);
    let mut tests = workspace::cargo(root);
    tests.arg("test").args(test).env("MOTET_TEST_KAFKA", kafka).env("MOTET_TEST_NATS", nats);
    for command in [&mut clippy, &mut tests] {
        let status = command.status().context("cannot start cargo")?;
        if !status.success() {
            return Err(Reported.into());
        }
    }
    Ok(())
}

/// The server's program: the machine's own, or that of the Debian package, unpacked.
fn nats(folder: &Path) -> anyhow::Result<PathBuf> {
    let unpacked = folder.join("nats");
    let places = [PathBuf::from("/usr/sbin"), unpacked.join("usr/sbin"), "/usr/bin".into()];
    let find = || places.iter().map(|place| place.join(NATS)).find(|program| program.exists());
    if let Some(program) = find() {
        return Ok(program);
    }
    let mut download = Command::new("apt-get");
    download.args(["download", NATS]).current_dir(folder);
    if !succeeds(&mut download) {
        // The lists of packages may be missing; only the administrator may fetch them.
        succeeds(Command::new("apt-get").args(["update", "--quiet"]));
        if !succeeds(&mut download) {
            let reason = format!("{NATS} is not installed: apt-get install {NATS}");
            return Err(Missing(reason).into());
        }
    }
    let package = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded no package")?;
    let unpacks = succeeds(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&unpacked));
    fs::remove_file(&package)?;
    if !unpacks {
        bail!("{} cannot be unpacked", package.display());
    }
    find().with_context(|| format!("the package holds no {NATS}"))
}

/// The folder with Kafka's archives.
fn kafka(folder: &Path) -> anyhow::Result<PathBuf> {
    for (program, package) in TOOLS {
        // Both know no other spelling in common.
        ensure_program(program, "-version", package)?;
    }
    let folder = folder.join(format!("kafka-{KAFKA_VERSION}"));
    let archives = folder.join("archives");
    let complete = folder.join(COMPLETE);
    if complete.exists() {
        return Ok(archives);
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("pom.xml"), project())?;
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet"]).current_dir(&folder);
    maven.arg(format!("{DEPENDENCY_PLUGIN}:copy-dependencies"));
    maven.args(["-DincludeScope=runtime", "-DoutputDirectory=archives"]);
    if !succeeds(&mut maven) {
        let reason = format!("Maven cannot get Kafka {KAFKA_VERSION}: see {}", folder.display());
        return Err(Missing(reason).into());
    }
    fs::write(complete, "")?;
    Ok(archives)
}

fn project() -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n\
         <modelVersion>4.0.0</modelVersion>\n\
         <groupId>motet</groupId><artifactId>broker</artifactId><version>1</version>\n\
         <packaging>pom</packaging>\n\
         <dependencies>\n\
         <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>\
         <version>{KAFKA_VERSION}</version></dependency>\n\
         <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId>\
         <version>1.7.36</version></dependency>\n\
         </dependencies>\n\
         </project>\n"
    )
}
