//! Expressions that give several values, and such as people write.

use super::{Row, check};

const STREAMS: &[Row] = &[
    (
        "[tostream]",
        r#"{"a":[1,{"b":2}]}"#,
        r#"[[[["a",0],1],[["a",1,"b"],2],[["a",1,"b"]],[["a",1]],[["a"]]]]"#,
    ),
    ("[tostream]", "[]", "[[[[],[]]]]"),
    ("[tostream]", "5", "[[[[],5]]]"),
    ("fromstream(tostream)", r#"{"a":[1,{"b":[]}],"c":{}}"#, r#"[{"a":[1,{"b":[]}],"c":{}}]"#),
    ("[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]", "null", "[[[[0],2],[[0]]]]"),
    ("fromstream(1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]]))", "null", "[[2]]"),
    ("[.[] | tostream]", "[1,[2]]", "[[[[],1],[[0],2],[[0]]]]"),
    (r#"[getpath(["a"], ["b"])]"#, r#"{"a":1,"b":2}"#, "[[1,2]]"),
    ("[limit(3; range(10))]", "null", "[[0,1,2]]"),
    ("[first(range(5; 10)), last(range(5; 10))]", "null", "[[5,9]]"),
    (r#"[.[] | select(type == "number")]"#, r#"[1,"a",2]"#, "[[1,2]]"),
    ("[range(3)] | combinations(1)", "null", "[[0],[1],[2]]"),
    ("reduce (1, 2, 3) as $x (0; . + $x)", "null", "[6]"),
    ("[foreach (1, 2, 3) as $x (0; . + $x)]", "null", "[[1,3,6]]"),
    ("isempty(.[])", "[]", "[true]"),
    ("isempty(.[])", "[1]", "[false]"),
    ("[(1, 2) as $x | (3, 4) as $y | $x * $y]", "null", "[[3,4,6,8]]"),
    ("any(1, 2; . == 2), all(1, 2; . == 2)", "null", "[true,false]"),
    (r#"[splits("b")]"#, r#""abc""#, r#"[["a","c"]]"#),
    ("[limit(4; recurse(. + 1))]", "1", "[[1,2,3,4]]"),
    ("[range(10)] | [.[2:4][], .[-1]]", "null", "[[2,3,9]]"),
    (r#"ltrimstr("x") | [., .]"#, r#""xy""#, r#"[["y","y"]]"#),
    (r#"[getpath(["a", 0, "b"])]"#, r#"{"a":[{"b":5}]}"#, "[[5]]"),
    ("[paths | length]", "[[[]]]", "[[1,2]]"),
    ("del(.[] | select(. > 2))", "[1,2,3,4]", "[[1,2]]"),
    (
        r#"delpaths([paths(type == "number")])"#,
        r#"{"a":1,"b":{"c":2,"d":"x"}}"#,
        r#"[{"b":{"d":"x"}}]"#,
    ),
    (
        "[.[] | {a: .a, n: (.b | length)}]",
        r#"[{"a":1,"b":[1,2]},{"a":2,"b":"xyz"}]"#,
        r#"[[{"a":1,"n":2},{"a":2,"n":3}]]"#,
    ),
    (
        "group_by(.k) | map({k: .[0].k, n: length, sum: (map(.v) | add)})",
        r#"[{"k":"a","v":1},{"k":"b","v":2},{"k":"a","v":3}]"#,
        r#"[[{"k":"a","n":2,"sum":4},{"k":"b","n":1,"sum":2}]]"#,
    ),
    (
        "[.orders[] | select(.total > 10) | {id, total}] | sort_by(-.total)",
        r#"{"orders":[{"id":1,"total":5},{"id":2,"total":50},{"id":3,"total":20}]}"#,
        r#"[[{"id":2,"total":50},{"id":3,"total":20}]]"#,
    ),
    (
        ".lines | map(.price * .count) | add",
        r#"{"lines":[{"price":2,"count":3},{"price":5,"count":1}]}"#,
        "[11]",
    ),
    (
        r#"[.items[] | select(.tags | index("x"))] | map(.id)"#,
        r#"{"items":[{"id":1,"tags":["x"]},{"id":2,"tags":[]}]}"#,
        "[[1]]",
    ),
    (
        "reduce .[] as $e ({}; .[$e.k] += [$e.v])",
        r#"[{"k":"a","v":1},{"k":"a","v":2},{"k":"b","v":3}]"#,
        r#"[{"a":[1,2],"b":[3]}]"#,
    ),
    (
        ".a as $keys | .b | with_entries(select(.key | IN($keys[])))",
        r#"{"a":["x"],"b":{"x":1,"y":2}}"#,
        r#"[{"x":1}]"#,
    ),
];

#[test]
fn streams() {
    check(STREAMS);
}
