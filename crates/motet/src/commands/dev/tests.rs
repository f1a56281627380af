use super::*;

#[test]
fn a_changed_document_is_newer_than_what_is_published_and_older_than_the_next_release() {
    let own: Version = "1.2.3".parse().unwrap();
    let first = pre_release(&own, 1);
    assert_eq!(first.to_string(), "1.2.4-dev.1");
    assert!(
        own < first
            && first < pre_release(&own, 2)
            && pre_release(&own, 10) < Version::new(1, 2, 4)
    );
}
