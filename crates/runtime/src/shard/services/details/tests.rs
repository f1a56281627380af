use super::*;

fn check(id: &str, kind: CheckKind) -> Check {
    Check {
        id: id.to_owned(),
        name: "a \"name\"".to_owned(),
        notes: String::new(),
        kind,
        forget_after: None,
        status: CheckStatus::Passing,
        output: String::new(),
    }
}

fn some() -> Details {
    let probe = |probe| CheckKind::Probe {
        probe,
        interval: Duration::from_secs(10),
        timeout: Duration::from_millis(1_500),
    };
    let ttl = Check {
        forget_after: Some(Duration::from_secs(60)),
        status: CheckStatus::Warning,
        output: "half\nfull".to_owned(),
        ..check("service:a", CheckKind::Ttl(Duration::from_secs(15)))
    };
    Details {
        tags: vec!["primary".to_owned(), "version=1.2.0".to_owned()],
        warning_weight: 3,
        checks: vec![
            ttl,
            check("b", probe(Probe::Http("/health".to_owned()))),
            check("c", probe(Probe::Tcp)),
        ],
    }
}

#[test]
fn what_is_written_is_read_again() {
    assert_eq!(Details::read(&some().write()), Some(some()));
    assert_eq!(Details::read(&Details::default().write()), Some(Details::default()));
}

#[test]
fn what_is_of_another_form_is_not_read() {
    let whole = some().write();
    for (part, other) in
        [("tags", "tag"), ("\"warning\"", "\"fair\""), ("1500", "1.5"), ("15000", "\"15s\"")]
    {
        let text = whole.replace(part, other);
        assert_ne!(text, whole, "{part}");
        assert_eq!(Details::read(&text), None, "{text}");
    }
    assert_eq!(Details::read("{"), None);
}

#[test]
fn the_worst_word_counts_and_outlives_a_registration_of_the_same() {
    let before = some();
    assert_eq!(before.status(), CheckStatus::Warning);
    let mut anew = some();
    anew.checks[0].status = CheckStatus::Critical;
    anew.checks[0].output.clear();
    assert!(anew.registers_like(&before));
    anew.keep_word(&before);
    assert_eq!(anew, before);
    anew.tags.pop();
    assert!(!anew.registers_like(&before));
}

#[test]
fn the_first_that_asks_and_the_first_that_forgets_count() {
    let details = some();
    let (probe, interval, _) = details.probe().expect("two of them ask");
    assert_eq!((probe, interval), (&Probe::Http("/health".to_owned()), Duration::from_secs(10)));
    assert_eq!(details.forget_after(), Some(Duration::from_secs(60)));
    assert_eq!(Details::default().forget_after(), None);
}
