//! The corpus of the fuzzer, on a stable compiler (docs/fuzzing.md).

#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/document.rs"]
mod document;

#[test]
fn every_document_of_the_corpus_is_judged() {
    corpus::replay("document", document::check);
}
