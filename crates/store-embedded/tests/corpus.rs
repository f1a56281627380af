//! The corpus of the fuzzer, on a stable compiler (docs/fuzzing.md).

#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/frame.rs"]
mod frame;

#[test]
fn every_frame_of_the_corpus_is_read_or_refused() {
    corpus::replay("frame", frame::check);
}
