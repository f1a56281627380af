//! The corpus of the fuzzer, on a stable compiler (docs/fuzzing.md).

#[path = "../../../fuzz/checks/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/checks/expression.rs"]
mod expression;

#[test]
fn every_expression_of_the_corpus_ends() {
    corpus::replay("expression", expression::check);
}
