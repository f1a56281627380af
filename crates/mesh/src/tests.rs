//! Redirect targets (RFC 3986 §5.4 and what HTTP adds).

use std::fmt::Write as _;

use expect_test::expect;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::redirect::hop;

const LOCATIONS: [&str; 30] = [
    "g",
    "./g",
    "g/",
    "/g",
    "//g",
    "//g:81/",
    "?y",
    "g?y",
    "#s",
    "g#s",
    "g?y#s",
    ";x",
    "",
    ".",
    "./",
    "..",
    "../g",
    "../..",
    "../../../g",
    "/./g",
    "g.",
    "..g",
    "http://A:81/x",
    "http://a/x",
    "https://a:81/x",
    "http:g",
    "mailto:x@y",
    "http://h/%zz",
    "h ttp://x",
    "http://[::1]:9/",
];

#[test]
fn targets() {
    let base = Uri::from_static("http://user@a:81/b/c/d;p?q");
    let mut table = String::new();
    for location in LOCATIONS {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_static(location));
        let told = match hop(&Method::GET, &base, StatusCode::FOUND, &headers) {
            Some(hop) if hop.leaves_origin => format!("{} (elsewhere)", hop.uri),
            Some(hop) => hop.uri.to_string(),
            None => "not followed".to_owned(),
        };
        writeln!(table, "{location:15} {told}").unwrap();
    }
    expect![[r#"
        g               http://user@a:81/b/c/g
        ./g             http://user@a:81/b/c/g
        g/              http://user@a:81/b/c/g/
        /g              http://user@a:81/g
        //g             http://g/ (elsewhere)
        //g:81/         http://g:81/ (elsewhere)
        ?y              http://user@a:81/b/c/d;p?y
        g?y             http://user@a:81/b/c/g?y
        #s              http://user@a:81/b/c/d;p?q
        g#s             http://user@a:81/b/c/g
        g?y#s           http://user@a:81/b/c/g?y
        ;x              http://user@a:81/b/c/;x
                        http://user@a:81/b/c/d;p?q
        .               http://user@a:81/b/c/
        ./              http://user@a:81/b/c/
        ..              http://user@a:81/b/
        ../g            http://user@a:81/b/g
        ../..           http://user@a:81/
        ../../../g      http://user@a:81/g
        /./g            http://user@a:81/g
        g.              http://user@a:81/b/c/g.
        ..g             http://user@a:81/b/c/..g
        http://A:81/x   http://A:81/x
        http://a/x      http://a/x (elsewhere)
        https://a:81/x  https://a:81/x (elsewhere)
        http:g          not followed
        mailto:x@y      not followed
        http://h/%zz    not followed
        h ttp://x       not followed
        http://[::1]:9/ http://[::1]:9/ (elsewhere)
    "#]]
    .assert_eq(&table);
}
