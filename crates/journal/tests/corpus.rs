//! The corpus of the fuzzer, on a stable compiler (docs/fuzzing.md).

#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/journal.rs"]
mod journal;

#[test]
fn every_chunk_of_the_corpus_is_read_or_refused() {
    corpus::replay("journal", journal::check);
}
