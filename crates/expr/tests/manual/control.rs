//! Conditions, errors, loops, functions and variables.

use super::{Row, check};

const CONDITIONS: &[Row] = &[
    (r#"if . == 0 then "zero" elif . == 1 then "one" else "many" end"#, "1", r#"["one"]"#),
    (r#"if . == 0 then "zero" elif . == 1 then "one" else "many" end"#, "7", r#"["many"]"#),
    ("if (true, false) then 1 else 2 end", "null", "[1,2]"),
    ("if empty then 1 else 2 end", "null", "[]"),
    (
        r#"[.[] | if . then "t" else "f" end]"#,
        r#"[true,false,null,0,"",[],{}]"#,
        r#"[["t","f","f","t","t","t","t"]]"#,
    ),
    ("if .a then .b else .c end", r#"{"a":0,"b":1,"c":2}"#, "[1]"),
    ("if true then (1, 2) else 3 end", "null", "[1,2]"),
    (r#"if . > 5 then "big" else if . > 2 then "mid" else "small" end end"#, "4", r#"["mid"]"#),
    (r#"if . > 1 then "more" end"#, "1", "[1]"),
    (r#"if . > 1 then "more" end"#, "2", r#"["more"]"#),
    ("if false then 1 elif false then 2 end", r#""x""#, r#"["x"]"#),
    (
        r#".[] | if type == "number" then . * 2 elif type == "string" then length else "?" end"#,
        r#"[1,"abc",null]"#,
        r#"[2,3,"?"]"#,
    ),
];

#[test]
fn conditions() {
    check(CONDITIONS);
}

const ERRORS_ARE_CAUGHT: &[Row] = &[
    (r#"try error("x") catch ."#, "null", r#"["x"]"#),
    ("try error({a: 1}) catch .a", "null", "[1]"),
    ("try error catch .", r#""boom""#, r#"["boom"]"#),
    (r#"[.[] | try tonumber catch "no"]"#, r#"["1","x",2]"#, r#"[[1,"no",2]]"#),
    (r#"try (1, error("x"), 3) catch ."#, "null", r#"[1,"x"]"#),
    ("[.[] | (1 / .)?]", "[1,0,2]", "[[1,0.5]]"),
    (r#"try error("\(1 + 1)") catch ."#, "null", r#"["2"]"#),
    (r#"(try error("a") catch .) + "b""#, "null", r#"["ab"]"#),
    (r#"try (try error("in") catch error("out")) catch ."#, "null", r#"["out"]"#),
    (r#"[(1, error("x"), 2)?]"#, "null", "[[1]]"),
    (r#"error(null)? // "nothing""#, "null", r#"["nothing"]"#),
    ("try error(null) catch .", "null", "[null]"),
    ("[.[]?]", "null", "[[]]"),
    (r#"try ([] | implode) catch "bad""#, "null", r#"[""]"#),
    (r#"first(1, error("late"))"#, "null", "[1]"),
    (r#"[limit(2; 1, 2, error("late"))]"#, "null", "[[1,2]]"),
];

#[test]
fn errors_are_caught() {
    check(ERRORS_ARE_CAUGHT);
}

const REDUCTION_AND_LOOPS: &[Row] = &[
    ("reduce .[] as $x (0; . + $x)", "[1,2,3]", "[6]"),
    ("reduce .[] as $x (null; $x)", "[]", "[null]"),
    ("reduce .[] as [$a, $b] (0; . + $a * $b)", "[[1,2],[3,4]]", "[14]"),
    ("reduce .[] as {a: $v} ([]; . + [$v])", r#"[{"a":1},{"a":2}]"#, "[[1,2]]"),
    ("reduce range(5) as $i ([]; [$i] + .)", "null", "[[4,3,2,1,0]]"),
    ("reduce empty as $x (7; 8)", "null", "[7]"),
    ("[foreach .[] as $x (0; . + $x)]", "[1,2,3]", "[[1,3,6]]"),
    ("[foreach .[] as $x (0; . + $x; [$x, .])]", "[1,2,3]", "[[[1,1],[2,3],[3,6]]]"),
    ("[foreach range(3) as $i (1; . * 2; select($i > 0))]", "null", "[[4,8]]"),
    ("[foreach .[] as [$k, $v] ({}; .[$k] = $v; length)]", r#"[["a",1],["b",2]]"#, "[[1,2]]"),
    ("[range(4)]", "null", "[[0,1,2,3]]"),
    ("[range(2; 5)]", "null", "[[2,3,4]]"),
    ("[range(0; 10; 4)]", "null", "[[0,4,8]]"),
    ("[range(5; 0; -2)]", "null", "[[5,3,1]]"),
    ("[range(0; 3; -1)]", "null", "[[]]"),
    ("[range(0, 1; 3, 4)]", "null", "[[0,1,2,0,1,2,3,1,2,1,2,3]]"),
    ("[range(2.5)]", "null", "[[0,1,2]]"),
    ("[while(. < 20; . * 2)]", "3", "[[3,6,12]]"),
    ("[until(. > 20; . * 2)]", "3", "[[24]]"),
    ("[limit(3; repeat(. * 2))]", "1", "[[2,2,2]]"),
    ("[recurse(if . < 3 then . + 1 else empty end)]", "0", "[[0,1,2,3]]"),
    ("[recurse(.[]?)]", "[1,[2]]", "[[[1,[2]],1,[2],2]]"),
    ("[recurse(. * .; . < 100)]", "2", "[[2,4,16]]"),
    ("[recurse]", r#"{"a":[1]}"#, r#"[[{"a":[1]},[1],1]]"#),
    ("[limit(0; 1, 2)]", "null", "[[]]"),
    ("[limit(1; 1, 2)]", "null", "[[1]]"),
    ("[limit(5; 1, 2)]", "null", "[[1,2]]"),
    ("[first(range(10))]", "null", "[[0]]"),
    ("first", "[4,5]", "[4]"),
    ("last", "[4,5]", "[5]"),
    ("nth(1)", "[4,5]", "[5]"),
    ("[first(empty)]", "null", "[[]]"),
    ("last(range(4))", "null", "[3]"),
    ("nth(2; range(10))", "null", "[2]"),
    ("[until(true; error)]", "5", "[[5]]"),
    ("isempty(empty), isempty(1)", "null", "[true,false]"),
    ("label $out | 1, break $out, 2", "null", "[1]"),
    ("[label $a | label $b | 1, break $a, 2]", "null", "[[1]]"),
    ("[.[] | label $f | if . > 1 then break $f else . end]", "[1,2,1]", "[[1,1]]"),
    (
        "[label $out | foreach .[] as $x (0; . + $x; if . > 3 then ., break $out else . end)]",
        "[1,2,3,4]",
        "[[1,3,6]]",
    ),
    (r#"[splits("a")]"#, r#""bab""#, r#"[["b","b"]]"#),
    ("[.[] as $x | .[] as $y | select($x < $y) | [$x, $y]]", "[1,2,3]", "[[[1,2],[1,3],[2,3]]]"),
    ("[limit(3; .[])]", "[1,2,3,4]", "[[1,2,3]]"),
    ("[range(3) as $i | range($i)]", "null", "[[0,0,1]]"),
];

#[test]
fn reduction_and_loops() {
    check(REDUCTION_AND_LOOPS);
}

const FUNCTIONS_AND_VARIABLES: &[Row] = &[
    ("def f: . + 1; f", "1", "[2]"),
    ("def f($x): . + $x; f(10)", "1", "[11]"),
    ("def f(g): g, g; f(. + 1)", "1", "[2,2]"),
    ("def f(g; $x): g + $x; f(. * 2; 3)", "5", "[13]"),
    ("def f(x): x * 2; f(.a)", r#"{"a":4}"#, "[8]"),
    ("def f: def g: 3; g * 2; f", "null", "[6]"),
    ("def f: 1; def f: 2; f", "null", "[2]"),
    ("def f: 1; def g: f; def f: 2; g", "null", "[1]"),
    ("def f(a): def g(b): a + b; g(10); f(. + 1)", "1", "[12]"),
    (
        "def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; [range(6) | fac]",
        "null",
        "[[1,1,2,6,24,120]]",
    ),
    (
        "def fib: if . < 2 then . else (. - 1 | fib) + (. - 2 | fib) end; [range(8) | fib]",
        "null",
        "[[0,1,1,2,3,5,8,13]]",
    ),
    ("def f($a; $b): $a - $b; f(5; 3)", "null", "[2]"),
    ("def map2(f; g): map(f | g); map2(. + 1; . * 2)", "[1,2]", "[[4,6]]"),
    ("def f(x): 1 as $v | x; 5 as $v | f($v)", "null", "[5]"),
    (". as $x | [$x, $x.a]", r#"{"a":1}"#, r#"[[{"a":1},1]]"#),
    (". as [$a, $b] | $a + $b", "[1,2]", "[3]"),
    (". as [$a, [$b]] | {a: $a, b: $b}", "[1,[2]]", r#"[{"a":1,"b":2}]"#),
    (". as {a: $x, b: [$y]} | $x + $y", r#"{"a":1,"b":[2]}"#, "[3]"),
    (". as {$a, $b} | $a + $b", r#"{"a":1,"b":2}"#, "[3]"),
    (r#". as {"a": $x} | $x"#, r#"{"a":1}"#, "[1]"),
    (r#". as {("a", "b"): $x} | $x"#, r#"{"a":1,"b":2}"#, "[1,2]"),
    (". as [$a] | $a", "[]", "[null]"),
    (". as {a: $x} | $x", "{}", "[null]"),
    (".[] as [$a, $b] | {($a): $b}", r#"[["x",1],["y",2]]"#, r#"[{"x":1},{"y":2}]"#),
    ("1 as $x | 2 as $x | $x", "null", "[2]"),
    ("[.[] as $x | $x * 2]", "[1,2]", "[[2,4]]"),
    ("def f: .[] | select(. > 1); [f]", "[1,2,3]", "[[2,3]]"),
];

#[test]
fn functions_and_variables() {
    check(FUNCTIONS_AND_VARIABLES);
}
