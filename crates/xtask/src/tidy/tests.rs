use expect_test::{Expect, expect};
use serde_json::json;

use super::budgets::{Limit, Measure};
use super::*;

/// What the rules over sources say of these files, one finding a line.
fn words_of(files: &[(&str, &str)]) -> String {
    let (sources, findings) = Sources::parse(&Tree::of(files));
    print(findings.into_iter().chain(words::check(&sources)))
}

fn print(findings: impl IntoIterator<Item = Finding>) -> String {
    let mut findings: Vec<Finding> = findings.into_iter().collect();
    findings.sort();
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

/// One file of the crate `runtime`.
fn check_words(source: &str, expected: Expect) {
    expected.assert_eq(&words_of(&[("crates/runtime/src/drive.rs", source)]));
}

#[test]
fn unwrap_is_for_tests() {
    check_words(
        r#"
fn shipped() { file().unwrap(); other().unwrap_or(1); "x.unwrap()"; }
// file().unwrap()
#[cfg(test)]
mod tests {
    fn helper() { file().unwrap(); }
}
#[tokio::test]
async fn one() { file().unwrap(); }
#[cfg(not(test))]
fn also_shipped() { file() .unwrap () }
#[cfg(any(test, feature = "testing"))]
pub(crate) const fn for_tests<A, B>(a: A, b: B) -> X { file().unwrap() }
struct Mixed {
    #[cfg(test)]
    field: u8,
    other: [u8; { A.unwrap() }],
}
"#,
        expect![[r#"
            crates/runtime/src/drive.rs:2: `.unwrap()`: use `?`, or `expect` with why it holds [unwrap]
            crates/runtime/src/drive.rs:11: `.unwrap()`: use `?`, or `expect` with why it holds [unwrap]
            crates/runtime/src/drive.rs:17: `.unwrap()`: use `?`, or `expect` with why it holds [unwrap]
        "#]],
    );
}

#[test]
fn files_of_tests_are_known_by_their_place_or_their_declaration() {
    let body = "fn f() { x().unwrap() }";
    let all = words_of(&[
        ("crates/a/src/b.rs", "#[cfg(test)]\nmod harness;\nmod real;"),
        ("crates/a/src/b/harness.rs", body),
        ("crates/a/src/b/harness/deep.rs", body),
        ("crates/a/src/b/real.rs", body),
        ("crates/a/src/b/tests.rs", body),
        ("crates/a/tests/scenario.rs", body),
        ("crates/a/benches/fast.rs", body),
        ("crates/a/src/whole.rs", "#![cfg(test)]\nfn f() { x().unwrap() }"),
    ]);
    assert_eq!(
        all,
        "crates/a/src/b/real.rs:1: `.unwrap()`: use `?`, or `expect` with why it holds [unwrap]\n"
    );
}

#[test]
fn nothing_unfinished_stays() {
    let marker = concat!("// FIX", "ME: later\n");
    check_words(
        &format!(
            "{marker}fn f() {{ todo!() }}\n#[ignore = \"slow\"]\nfn g() {{ unimplemented!(\"x\") }}\nfn XXXL() {{}} // XXXL\n"
        ),
        expect![[r#"
            crates/runtime/src/drive.rs:1: `FIXME` in a comment: do it now, or say plainly what does not exist [unfinished]
            crates/runtime/src/drive.rs:2: `todo!`: finish it, or leave it out [unfinished]
            crates/runtime/src/drive.rs:3: an ignored test holds nothing: repair it, or delete it [ignored-test]
            crates/runtime/src/drive.rs:4: `unimplemented!`: finish it, or leave it out [unfinished]
        "#]],
    );
}

#[test]
fn what_does_not_parse_is_a_finding_of_its_own() {
    check_words(
        "fn f() {\n    (\n}\n",
        expect![[r#"
            crates/runtime/src/drive.rs:3: cannot be parsed [parse]
        "#]],
    );
}

#[test]
fn a_crate_begins_with_its_documentation_and_explains_unsafe_code() {
    let unsafe_file = "fn f() { unsafe { g() } }";
    expect![[r#"
        crates/a/src/lib.rs:1: a crate begins with `//!`: what it is, what it does not do, its invariants [crate-docs]
        crates/a/src/map.rs:1: `unsafe`: do without, or say why at the crate's top (`//! Unsafe: …`) [unsafe]
        crates/c/src/main.rs:1: a crate begins with `//!`: what it is, what it does not do, its invariants [crate-docs]
    "#]]
    .assert_eq(&words_of(&[
        ("crates/a/src/lib.rs", "mod map;\n//! Unsafe: too late"),
        ("crates/a/src/map.rs", unsafe_file),
        ("crates/b/src/lib.rs", "//! B.\n//! Unsafe: the map needs it.\nmod map;"),
        ("crates/b/src/map.rs", unsafe_file),
        ("crates/c/src/main.rs", "fn main() {}"),
    ]));
}

#[test]
fn pure_crates_touch_no_world() {
    let source = "
use std::{collections::BTreeMap, fs, net::TcpStream};
use std::time::{Duration, Instant};
async fn f() { std::env::var(\"X\"); g().await }
#[cfg(test)]
mod tests { use std::fs; }
mod fs {}
";
    expect![[r#"
        crates/engine/src/step.rs:2: `std::fs` in a crate that only computes: let the shell do it and pass the result in [pure]
        crates/engine/src/step.rs:2: `std::net` in a crate that only computes: let the shell do it and pass the result in [pure]
        crates/engine/src/step.rs:3: `Instant` in a crate that only computes: let the shell do it and pass the result in [pure]
        crates/engine/src/step.rs:4: `async` in a crate that only computes: let the shell do it and pass the result in [pure]
        crates/engine/src/step.rs:4: `await` in a crate that only computes: let the shell do it and pass the result in [pure]
        crates/engine/src/step.rs:4: `std::env` in a crate that only computes: let the shell do it and pass the result in [pure]
    "#]]
    .assert_eq(&words_of(&[
        ("crates/engine/src/step.rs", source),
        ("crates/runtime/src/drive.rs", source),
    ]));
}

/// The measures that are beyond their limits, without any leave.
fn sizes_of(files: &[(&str, &str)]) -> String {
    let (sources, _) = Sources::parse(&Tree::of(files));
    print(Budgets::default().judge(&sizes::measure(&sources)))
}

#[test]
fn files_and_functions_have_a_length() {
    let function = |lines: usize| format!("fn f() {{\n{}}}\n", "g();\n".repeat(lines - 2));
    let file = |lines: usize| "const A: u8 = 1;\n".repeat(lines);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(700));
    expect![[r#"
        crates/a/src/long.rs:1: 501 (at most 500) lines (tests apart): split the file along its ideas [file-length]
        crates/a/src/one.rs:2: 71 (at most 70) lines in `f`: find the parts that have names of their own [function-length]
        crates/xtask/budgets.toml:1: 71 (at most 40) 95 % of all functions are to be shorter [function-p95]
    "#]]
    .assert_eq(&sizes_of(&[
        ("crates/a/src/long.rs", &file(501)),
        ("crates/a/src/fits.rs", &(file(500) + &tests)),
        ("crates/a/src/one.rs", &format!("\n{}", function(71))),
        ("crates/a/src/two.rs", &function(70)),
        ("crates/a/src/tests.rs", &(file(900) + &function(300))),
    ]));
}

#[test]
fn functions_are_measured_from_their_name_to_their_brace() {
    let (sources, _) = Sources::parse(&Tree::of(&[(
        "crates/a/src/a.rs",
        "trait T { fn none(&self) -> [u8; { 2 }]; }\ntype P = fn(u8) -> u8;\n#[inline]\npub fn f<A>(\n    a: [u8; 3],\n)\nwhere A: Fn(u8),\n{\n    fn inner() {}\n}\n",
    )]));
    let functions = sources.0[0].functions();
    let lines: Vec<_> = functions.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
    assert_eq!(lines, [("f", 4, 7), ("inner", 9, 1)]);
}

#[test]
fn tests_are_counted_against_sources_without_blanks_and_comments() {
    let source = "// why\n\nconst A: u8 = 1;\nconst B: u8 = 2;\n";
    expect![[r#"
        crates/xtask/budgets.toml:1: 28 (at least 80) lines of tests for 100 lines of source: write the missing ones (crates/b 0 %, crates/a 100 %) [test-percent]
    "#]]
    .assert_eq(&sizes_of(&[
        ("crates/a/src/a.rs", source),
        ("crates/a/src/tests.rs", "// a comment is no test\nconst A: u8 = 1;\nconst B: u8 = 2;"),
        ("crates/b/src/b.rs", "const A: [u8; 3] = [\n1,\n2,\n3,\n];"),
    ]));
    let simulator = ("crates/sim/src/lib.rs", "//! S\nconst A: u8 = 1;\nconst B: u8 = 1;");
    assert_eq!(sizes_of(&[("crates/a/src/a.rs", source), simulator]), "");
}

const LONG: &str = r#"
[[exempt]]
rule = "file-length"
place = "crates/a/src/a.rs"
value = 600
reason = "A table that reads best in one piece."
"#;

/// What a length of that file comes to under these budgets.
fn judge(budgets: &str, value: usize) -> String {
    let (budgets, findings) = Budgets::read(&Tree::of(&[("crates/xtask/budgets.toml", budgets)]));
    let measure = Measure {
        rule: "file-length",
        place: "crates/a/src/a.rs".to_owned(),
        line: 1,
        value,
        limit: Limit::Max(500),
        advice: "lines".to_owned(),
    };
    print(findings.into_iter().chain(budgets.judge(&[measure])))
}

#[test]
fn an_exemption_only_ever_shrinks() {
    assert_eq!(judge(LONG, 600), "");
    expect![[r#"
        crates/a/src/a.rs:1: 601 (at most 600) lines [file-length]
    "#]]
    .assert_eq(&judge(LONG, 601));
    expect![[r#"
        crates/xtask/budgets.toml:1: the exemption of crates/a/src/a.rs from file-length can be tightened from 600 to 599: do so [budgets]
    "#]]
    .assert_eq(&judge(LONG, 599));
    expect![[r#"
        crates/xtask/budgets.toml:1: the exemption of crates/a/src/a.rs from file-length is no longer needed: remove it [budgets]
    "#]]
    .assert_eq(&judge(LONG, 500));
    expect![[r#"
        crates/xtask/budgets.toml:1: the exemption of crates/a/src/b.rs from file-length is for nothing that exists: remove it [budgets]
    "#]]
    .assert_eq(&judge(&LONG.replace("a.rs", "b.rs"), 10));
}

#[test]
fn an_exemption_needs_a_reason() {
    let without = LONG.replace("A table that reads best in one piece.", "yes");
    let findings = judge(&without, 600);
    assert!(findings.contains("a `reason` that is a sentence [budgets]"), "{findings}");
    assert!(findings.contains("600 (at most 500) lines [file-length]"), "{findings}");
    assert!(judge("not toml", 1).contains("[budgets]"));
}

/// A package's name and its dependencies as (name, kind).
type Dependencies<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

fn layers_of(packages: &[Dependencies<'_>]) -> String {
    let packages: Vec<_> = packages
        .iter()
        .map(|(name, dependencies)| {
            let dependencies: Vec<_> =
                dependencies.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
            json!({"name": name, "manifest_path": format!("/r/crates/{name}/Cargo.toml"), "dependencies": dependencies})
        })
        .collect();
    print(layers::check(&json!({"workspace_root": "/r", "packages": packages})).unwrap())
}

#[test]
fn dependencies_point_downwards() {
    expect![[r#"
        crates/motet-api/Cargo.toml:1: motet-api may not depend on motet-store: its layer allows {"motet-definition", "motet-engine", "motet-expr", "motet-runtime", "motet-types"} [layers]
        crates/motet-extra/Cargo.toml:1: motet-extra has no place in the layers: give it one in crates/xtask/src/tidy/layers.rs [layers]
        crates/motet-runtime/Cargo.toml:1: motet-runtime may not depend on motet-store-embedded: its layer allows {"motet-definition", "motet-engine", "motet-expr", "motet-journal", "motet-mesh", "motet-policy", "motet-store", "motet-types"} [layers]
        crates/motet-store/Cargo.toml:1: motet-store may not depend on motet-engine: its layer allows {"motet-types"} [layers]
        crates/motet-store/Cargo.toml:1: motet-store may not depend on serde: its types have no serialised form of their own [layers]
    "#]]
    .assert_eq(&layers_of(&[
        ("motet-types", &[("thiserror", None)]),
        ("motet-engine", &[("motet-types", None), ("serde_json", Some("dev"))]),
        ("motet-store", &[("motet-types", None), ("motet-engine", Some("build")), ("serde", None)]),
        ("motet-store-embedded", &[("motet-store", None)]),
        ("motet-runtime", &[("motet-engine", None), ("motet-store-embedded", Some("dev"))]),
        ("motet-api", &[("motet-runtime", None), ("motet-store", None), ("motet-engine", Some("dev"))]),
        ("motet-extra", &[]),
    ]));
}

const DENY: &str = r#"
[licenses]
allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
exceptions = [{ crate = "unicode-ident", allow = ["Unicode-3.0"] }]
"#;

fn packages_of(deny: &str, host: &str, pure: &str) -> String {
    print(Packages::of(host, pure).check(&Tree::of(&[("deny.toml", deny)])))
}

#[test]
fn licences_are_those_of_the_list() {
    expect![[r#"
        deny.toml:1: blank 1.0.0: its licence `` is no SPDX expression; look at it and allow it here [licences]
        deny.toml:1: both 1.0.0 is under `MIT AND GPL-3.0-only`: do without it, or allow that licence here [licences]
        deny.toml:1: odd 1.0.0: its licence `MIT OR (GPL-2.0-only` is no SPDX expression; look at it and allow it here [licences]
        deny.toml:1: other 1.0.0 is under `Unicode-3.0`: do without it, or allow that licence here [licences]
    "#]]
    .assert_eq(&packages_of(
        DENY,
        "motet v0.1.0 (/somewhere/crates/motet)|Apache-2.0
old v1.0.0|MIT/Apache-2.0 (*)
either v1.0.0 (proc-macro)|GPL-3.0-only OR (MIT AND Apache-2.0)
with v1.0.0|Apache-2.0 WITH LLVM-exception
unicode-ident v1.0.0|(MIT OR Apache-2.0) AND Unicode-3.0

both v1.0.0|MIT AND GPL-3.0-only
other v1.0.0|Unicode-3.0
odd v1.0.0|MIT OR (GPL-2.0-only
blank v1.0.0|
",
        "",
    ));
    let missing = packages_of("[bans]", "a v1.0.0|MIT", "");
    assert_eq!(missing, "deny.toml:1: there is no section [licenses] [licences]\n");
}

#[test]
fn pure_crates_bring_in_no_input_or_output() {
    expect![[r#"
        crates/definition/Cargo.toml:1: motet-definition brings in tokio: a crate of its layer only computes [layers]
        crates/engine/Cargo.toml:1: motet-engine brings in tokio: a crate of its layer only computes [layers]
        crates/expr/Cargo.toml:1: motet-expr brings in tokio: a crate of its layer only computes [layers]
        crates/policy/Cargo.toml:1: motet-policy brings in tokio: a crate of its layer only computes [layers]
        crates/types/Cargo.toml:1: motet-types brings in tokio: a crate of its layer only computes [layers]
    "#]]
    .assert_eq(&packages_of(DENY, "tokio v1.0.0|MIT", "semver v1.0.0|MIT\ntokio v1.0.0|MIT"));
}

#[test]
fn packages_of_the_host_are_counted_once() {
    let repeated = Packages::of("a v1.0.0|MIT\nb v1.0.0|MIT\na v1.0.0|MIT (*)\na v2.0.0|MIT", "");
    assert_eq!(repeated.len(), 3);
    let many: String = (0..401).map(|version| format!("a v{version}.0.0|MIT\n")).collect();
    expect![[r#"
        crates/xtask/budgets.toml:1: 401 (at most 400) packages in the tree of motet: do without some [packages]
    "#]]
    .assert_eq(&print(Budgets::default().judge(&[Packages::of(&many, "").count()])));
}

#[test]
fn manifests_lints_locks_and_scripts() {
    expect![[r#"
        .cargo/config.toml:1: `[source]` belongs to one machine: set it outside of the repository [lock]
        Cargo.lock:2: a package comes from git+https://example.org/b: take one from crates.io [lock]
        build.sh:1: a script beside .ci/run: make it a command of cargo xtask [scripts]
        crates/a/Cargo.toml:1: the crate does not take the workspace's lints: add `[lints] workspace = true` [lints]
        crates/c/clippy.toml:1: clippy reads only the nearest file: repeat `too-many-lines-threshold` as the root has it [lints]
        tools/go:1: a script beside .ci/run: make it a command of cargo xtask [scripts]
    "#]]
    .assert_eq(&print(manifests::check(&Tree::of(&[
        (".ci/run", "#!/usr/bin/env bash\n"),
        (".cargo/config.toml", "[alias]\nx = \"y\"\n[source.crates-io]\nreplace-with = \"z\"\n"),
        ("fuzz/Cargo.toml", "[package]\n[workspace]\n"),
        ("build.sh", "echo"),
        ("tools/go", "#!/bin/sh\n"),
        ("crates/a/src/lib.rs", "#![cfg(test)]"),
        (
            "Cargo.lock",
            "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"git+https://example.org/b\"\n",
        ),
        ("crates/a/Cargo.toml", "[lints]\nworkspace = false\n"),
        ("crates/b/Cargo.toml", "[lints]\nworkspace = true\n"),
        ("clippy.toml", "too-many-lines-threshold = 70\n"),
        ("crates/c/clippy.toml", "too-many-lines-threshold = 90\n"),
    ]))));
}

#[test]
fn the_engine_keeps_its_own_lint() {
    let settings =
        "disallowed-types = [{ path = \"std::collections::HashMap\", reason = \"order\" }]";
    let findings = print(manifests::check(&Tree::of(&[
        ("crates/engine/src/lib.rs", "//! E"),
        ("crates/engine/clippy.toml", settings),
    ])));
    assert!(!findings.contains("`std::collections::HashMap`"), "{findings}");
    assert!(findings.contains(
        "crates/engine/clippy.toml:1: the engine is no longer kept from `std::time::Instant`: ban it again [lints]\n"
    ));
}

/// What the rules over documents say, apart from which ones are missing.
fn documents_of(files: &[(&str, &str)]) -> String {
    let findings = documents::check(&Tree::of(files));
    print(findings.into_iter().filter(|finding| finding.rule != "required"))
}

#[test]
fn links_lead_somewhere() {
    let page = "# The page\n\n\
        [a](other.md) [b](other.md#the-idea-in-short) [c](#the-page) [d](https://example.org/x) [e](../README.md)\n\
        ![picture](images/none.svg) [f](other.md#nothing) [g](../../outside.md) [h](missing.md \"title\")\n\
        `[i](code.md)`\n```\n[j](fenced.md)\n```\n[k]: gone.md\n[l](images)\n\
        <img src=\"images/idea.svg\"><a href=\"lost.html\">\n";
    expect![[r#"
        docs/page.md:4: the link to `../../outside.md` leads nowhere [links]
        docs/page.md:4: the link to `images/none.svg` leads nowhere [links]
        docs/page.md:4: the link to `missing.md` leads nowhere [links]
        docs/page.md:4: the link to `other.md#nothing` leads to a page without that heading [links]
        docs/page.md:9: the link to `gone.md` leads nowhere [links]
        docs/page.md:11: the link to `lost.html` leads nowhere [links]
    "#]]
    .assert_eq(&documents_of(&[
        ("README.md", "x"),
        ("docs/page.md", page),
        ("docs/other.md", "# Other\n## The *idea*, in short\n```\n# nothing\n```\n"),
        ("docs/images/idea.svg", "<svg/>"),
    ]));
}

#[test]
fn indexes_list_their_pages() {
    expect![[r#"
        docs/decisions/b.md:1: docs/decisions/README.md does not list this page: add a line with a link to it [index]
    "#]]
    .assert_eq(&documents_of(&[
        ("docs/decisions/README.md", "- [A](a.md)"),
        ("docs/decisions/a.md", "# A"),
        ("docs/decisions/b.md", "# B"),
    ]));
}

#[test]
fn required_documents_say_something() {
    let findings = print(documents::check(&Tree::of(&[("README.md", ""), ("LICENSE", "x")])));
    assert!(
        findings.contains("README.md:1: the file must be there, and say something [required]\n")
    );
    assert!(
        findings.contains("deny.toml:1: the file must be there, and say something [required]\n")
    );
    assert!(!findings.contains("LICENSE"));
}

#[test]
fn paths_of_one_machine_stay_there() {
    let home = concat!("/ho", "me/");
    let root = concat!("/ro", "ot/");
    let text = format!(
        "data in {home}ann/x\nGET https://example.org{home}\nlet x = \"{root}y\";\n{home}\n$X{root}a"
    );
    // Written with another separator: this file is looked at as well.
    expect![[r#"
        a.rs:1: `|home|…` is a path of one machine: make it relative [machine-path]
        a.rs:3: `|root|…` is a path of one machine: make it relative [machine-path]
        a.rs:4: `|home|…` is a path of one machine: make it relative [machine-path]
    "#]]
    .assert_eq(&documents_of(&[("a.rs", &text)]).replace('/', "|"));
}

#[test]
fn the_tree_is_what_git_tracks_or_would_track() {
    let root = std::env::temp_dir().join(format!("motet-tidy-{}", std::process::id()));
    let git = |args: &[&str]| {
        let mut git = std::process::Command::new("git");
        workspace::output(git.current_dir(&root).args(args)).unwrap();
    };
    std::fs::create_dir_all(root.join("docs")).unwrap();
    for (path, bytes) in [
        (".gitignore", &b"*.log\n"[..]),
        ("docs/tracked page.md", b"# A"),
        ("removed.md", b"# B"),
        ("new.md", b"# C"),
        ("ignored.log", b"x"),
        ("picture.png", b"\x89PNG\xff"),
    ] {
        std::fs::write(root.join(path), bytes).unwrap();
    }
    git(&["init", "--quiet"]);
    git(&["add", "docs", "removed.md"]);
    std::fs::remove_file(root.join("removed.md")).unwrap();

    let tree = Tree::read(&root).unwrap();
    let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".gitignore", "docs/tracked page.md", "new.md"]);
    assert_eq!(tree.binaries, ["picture.png"]);
    assert_eq!(tree.text("new.md"), Some("# C"));
    let there = ["docs", "docs/tracked page.md", "picture.png", "doc", "removed.md"];
    assert_eq!(there.map(|path| tree.has(path)), [true, true, true, false, false]);
    std::fs::remove_dir_all(&root).unwrap();
}

fn codes_of(files: &[(&str, &str)]) -> String {
    let tree = Tree::of(files);
    let (sources, _) = Sources::parse(&tree);
    print(error_codes::check(&tree, &sources))
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let table = "pub const CODES: &[(&str, &str)] = &[\n(\"unknown-task\", \"no such task\"),\n(\"empty-list\", \"x\")];";
    let pages = [
        ("docs/errors/README.md", "index"),
        ("docs/errors/empty-list.md", "x"),
        ("docs/errors/stale.md", "x"),
    ];
    expect![[r#"
        crates/a/src/codes.rs:1: the code `unknown-task` has no page docs/errors/unknown-task.md: write it [error-codes]
        crates/b/src/codes.rs:2: the code `not-found` has no page docs/errors/not-found.md: write it [error-codes]
        crates/c/src/codes.rs:1: a table of codes without literals: write the codes as string literals [error-codes]
        crates/d/src/codes.rs:2: the code `too-deep` has no page docs/errors/too-deep.md: write it [error-codes]
        docs/errors/stale.md:1: no table of codes lists `stale`: remove the page, or list the code [error-codes]
    "#]]
    .assert_eq(&codes_of(
        &[
            &pages[..],
            &[
                ("crates/a/src/codes.rs", table),
                ("crates/b/src/codes.rs", "\npub const CODES: [&str; 1] = [\"not-found\"];"),
                ("crates/c/src/codes.rs", "pub const CODES: &[Code] = &[Code::A];"),
                (
                    "crates/d/src/codes.rs",
                    "macro_rules! codes { () => {} }\ncodes! {\n// text\nA Error \"too-deep\" \"A rule.\"\nB Warning \"empty-list\" \"B.\"\n}",
                ),
            ],
        ]
        .concat(),
    ));
    assert_eq!(codes_of(&pages), "");
}

#[test]
fn a_report_lists_all_findings_and_the_figures() {
    let finding = |line| Finding::new("links", "a.md", line, "the link leads nowhere");
    let report = |findings| Report { findings, figures: "3 files".to_owned() }.to_string();
    assert_eq!(report(Vec::new()), "tidy: 3 files");
    assert_eq!(
        report(vec![finding(1), finding(7)]),
        "a.md:1: the link leads nowhere [links]\na.md:7: the link leads nowhere [links]\n2 findings: 3 files"
    );
}
