use motet_definition::graph::compile;
use motet_definition::{Colour, parse, report, unsupported};
use motet_types::Limits;

use super::{DOCUMENTS, with_ports};

#[test]
fn ports_as_written_are_the_default() {
    for (name, text) in DOCUMENTS {
        assert_eq!(with_ports(text, 7101).unwrap(), text, "{name}");
        assert!(!with_ports(text, 20_000).unwrap().contains("127.0.0.1:71"), "{name}");
        assert!(with_ports(text, 65_533).is_err(), "{name}: there are five services");
    }
}

#[test]
fn every_endpoint_is_one_of_the_shop_and_may_be_repeated() {
    for (name, text) in DOCUMENTS {
        let endpoints = text.matches("endpoint: ").count();
        assert_eq!(text.matches("endpoint: http://127.0.0.1:71").count(), endpoints, "{name}");
        assert_eq!(text.matches("idempotent: true").count(), endpoints, "{name}");
        assert!(endpoints > 0, "{name}");
    }
}

#[test]
fn every_document_is_valid_without_a_warning_and_runs_today() {
    for (name, text) in DOCUMENTS {
        let parsed = parse(text, &Limits::default());
        let told = report(name, &parsed.source, &parsed.diagnostics, Colour::Never);
        assert!(parsed.diagnostics.is_empty(), "{told}");
        let document = parsed.document.unwrap();
        let unsupported = unsupported(&document);
        assert!(unsupported.is_empty(), "{name}: {unsupported:?}");
        let compiled = compile(&document, &Limits::default());
        assert!(compiled.is_ok(), "{name}: {:?}", compiled.err());
    }
}
