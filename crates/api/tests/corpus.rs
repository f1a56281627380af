//! The corpus of the fuzzer, on a stable compiler (docs/fuzzing.md).

#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/request.rs"]
mod request;

#[test]
fn every_request_of_the_corpus_is_answered() {
    corpus::replay("request", request::check);
}
