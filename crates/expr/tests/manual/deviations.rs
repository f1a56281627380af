//! Where an expression gives something else than jq 1.7 would, each for a reason.

use super::{Row, check};

const NUMBERS_KEEP_THEIR_TEXT: &[Row] = &[
    ("1e3, 1.50", "null", "[1e3,1.50]"),
    ("tonumber", r#""-1.5e2""#, "[-1.5e2]"),
    ("map(tostring)", "[1.0,1e3]", r#"[["1.0","1e3"]]"#),
    (". + 1", "9007199254740993", "[9007199254740994]"),
    ("9223372036854775807 * 10", "null", "[92233720368547758070]"),
    ("1e17 + 1", "null", "[1e17]"),
];

const THE_RIGHT_OPERAND_VARIES_FIRST: &[Row] = &[
    ("(1, 2) + (10, 20)", "null", "[11,21,12,22]"),
    (r#""\(1, 2)-\(3, 4)""#, "null", r#"["1-3","1-4","2-3","2-4"]"#),
    ("(1, 2) == (1, 2)", "null", "[true,false,false,true]"),
];

const SLICES_IN_PATHS_LEAVE_OUT_WHAT_IS_OPEN: &[Row] = &[
    ("path(.[1:])", "null", r#"[[{"start":1}]]"#),
    ("path(.[:2])", "null", r#"[[{"end":2}]]"#),
    ("getpath([{\"start\":1,\"end\":null}])", "[1,2,3]", "[[2,3]]"),
];

const NOT_A_NUMBER_EQUALS_ITSELF_IN_ORDER: &[Row] = &[
    ("[nan] | sort | map(isnan)", "null", "[[true]]"),
    ("nan < nan, nan > nan, nan == nan", "null", "[false,false,false]"),
];

const SOME_MISUSE_IS_FORGIVEN: &[Row] = &[
    ("flatten", "1", "[[1]]"),
    ("flatten(-1)", "[[1]]", "[[[1]]]"),
    ("contains(\"a\")", "1", "[false]"),
    ("nth(-1; 1, 2)", "null", "[1]"),
    ("join(\",\")", "[[1]]", r#"["[1]"]"#),
    ("1 < 2 < 3", "null", "[true]"),
];

#[test]
fn some_misuse_is_forgiven() {
    check(SOME_MISUSE_IS_FORGIVEN);
}

#[test]
fn numbers_keep_their_text() {
    check(NUMBERS_KEEP_THEIR_TEXT);
}

#[test]
fn the_right_operand_varies_first() {
    check(THE_RIGHT_OPERAND_VARIES_FIRST);
}

#[test]
fn slices_in_paths_leave_out_what_is_open() {
    check(SLICES_IN_PATHS_LEAVE_OUT_WHAT_IS_OPEN);
}

#[test]
fn not_a_number_equals_itself_in_order() {
    check(NOT_A_NUMBER_EQUALS_ITSELF_IN_ORDER);
}
