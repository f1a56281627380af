//! What expressions give, as transcripts: source, input, result.

use super::*;

/// Compares every line `source ⊢ input ⇒ result` of a table.
fn check(table: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(source, input, expected)| {
            let actual = transcript(source, input);
            (actual != *expected).then(|| format!("{source} ⊢ {input} ⇒ {actual}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_leaves_is_json() {
    check(&[
        ("empty", "1", "null"),
        (
            "1, 2",
            "1",
            "several results: the expression gives more than one result; put brackets around it for an array",
        ),
        ("nan", "1", "null"),
        ("[nan, 1]", "1", "[null,1]"),
        ("infinite", "1", "1.7976931348623157e308"),
        ("{a: -infinite}", "1", r#"{"a":-1.7976931348623157e308}"#),
        ("1e400", "1", "1e400"),
        ("1e400 + 1", "1", "1.7976931348623157e308"),
        ("{(1 | tostring): 2}", "1", r#"{"1":2}"#),
        ("{(1): 2}", "1", "failed: cannot use 1 as key of an object"),
        ("4 / 2", "1", "2"),
        ("\"\\(4 / 2)\"", "1", "\"2\""),
        ("1 / 3", "1", "0.3333333333333333"),
        ("error", "1", "failed: 1"),
        ("error(\"no stock\")", "1", "failed: no stock"),
        ("error({code: 7})", "1", r#"failed: {"code":7}"#),
        (".a", "[1]", "failed: cannot index [1] with \"a\""),
        ("break $x", "1", "compile 6..8: unknown label $x"),
    ]);
}

#[test]
fn numbers_pass_through_exactly() {
    for number in [
        "1.0",
        "-0.0",
        "-0",
        "0",
        "9007199254740993",
        "1e400",
        "-1E+400",
        "0.1000",
        "1e-7",
        "123456789012345678901234567890",
        "0.123456789012345678901234567890",
        "1.5e300",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
    ] {
        check(&[
            (".", number, number),
            (".[0] | [.] | {a: .[0]} | .a", &format!("[{number}]"), number),
        ]);
        check(&[(". as $x | [$x] | first", number, number)]);
    }
    check(&[
        ("1.0", "0", "1.0"),
        ("-1.50", "0", "-1.50"),
        ("100000000000000000000", "0", "100000000000000000000"),
        // jq takes what JSON does not.
        ("00e10005", "0", "0e10005"),
        ("007.50", "0", "7.50"),
    ]);
}

#[test]
fn paths_and_updates_are_those_of_jq() {
    check(&[
        (".a.b", "{}", "null"),
        (".a[1.7]", r#"{"a":[1,2]}"#, "2"),
        (".[-1]", "[1,2]", "2"),
        (".[5]", "[1,2]", "null"),
        (".[1:]", "[1,2,3]", "[2,3]"),
        (".[:-1]", "\"äöü\"", "\"äö\""),
        (".[1:2]", "null", "null"),
        (".a.b = 1", "null", r#"{"a":{"b":1}}"#),
        (".a[2] = 1", "{}", r#"{"a":[null,null,1]}"#),
        (".[-1] = 9", "[1,2]", "[1,9]"),
        (".[-3] = 9", "[1,2]", "failed: cannot index [1,2] with -3"),
        (".[1:] = [7,8,9]", "[1,2,3]", "[1,7,8,9]"),
        (".a += 1", r#"{"a":1,"b":2}"#, r#"{"a":2,"b":2}"#),
        (".[] |= . + 1", "[1,2]", "[2,3]"),
        (".[] |= empty", "[1,2,3]", "[]"),
        ("map_values(select(. > 1))", r#"{"a":1,"b":2}"#, r#"{"b":2}"#),
        ("del(.a)", r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#),
        ("del(.[0, 2])", "[1,2,3]", "[2]"),
        ("del(.a.b)", "{}", "{}"),
        ("del(.[1:])", "[1,2,3]", "[1]"),
        ("delpaths([[\"a\"], [\"b\", 0]])", r#"{"a":1,"b":[1,2]}"#, r#"{"b":[2]}"#),
        ("to_entries", r#"{"a":1}"#, r#"[{"key":"a","value":1}]"#),
        (
            "from_entries",
            r#"[{"name":"a","value":1},{"k":"b","v":2},{"key":false}]"#,
            r#"{"a":1,"b":2,"false":null}"#,
        ),
        ("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#),
        ("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#),
        ("[leaf_paths]", r#"{"a":[1]}"#, r#"[["a",0]]"#),
        ("getpath([\"a\",\"b\"])", "{}", "null"),
        ("setpath([\"a\",0]; 1)", "{}", r#"{"a":[1]}"#),
        ("[getpath([\"a\"], [\"b\"])]", r#"{"a":1,"b":2}"#, "[1,2]"),
        ("pick(.a.b)", r#"{"a":{"b":1,"c":2},"d":3}"#, r#"{"a":{"b":1}}"#),
        ("pick(.[1])", "[1,2,3]", "[null,2]"),
        ("walk(if type == \"number\" then . + 1 end)", "[1,{\"a\":2}]", "[2,{\"a\":3}]"),
        ("[..]", "[[1]]", "[[[1]],[1],1]"),
        (".a.b.c", r#"{"a":{"b":5}}"#, "failed: cannot index 5 with \"c\""),
        (".a?.b?", r#"{"a":5}"#, "null"),
        ("path(.a[0].b)", "null", r#"["a",0,"b"]"#),
    ]);
}

#[test]
fn functions_are_those_of_jq() {
    check(FUNCTIONS);
}

const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("IN(2, 3)", "2", "true"),
    ("IN(.[]; 2, 3)", "[1,3]", "true"),
    (".[] | IN([1]) | not", "[[2]]", "true"),
    (
        "INDEX(.id)",
        r#"[{"id":1,"v":"a"},{"id":2,"v":"b"}]"#,
        r#"{"1":{"id":1,"v":"a"},"2":{"id":2,"v":"b"}}"#,
    ),
    ("[toarray, ([1] | toarray)]", "1", "[[1],[1]]"),
    ("@csv", r#"[1,"a \"b\"",null,true]"#, r#""1,\"a \"\"b\"\"\",,true""#),
    ("@tsv", "[1,\"a\\tb\\\\\",null]", r#""1\ta\\tb\\\\\t""#),
    ("@csv", "[[1]]", "failed: an array or object cannot be in a row of CSV"),
    ("@html", "\"<&'\"", r#""&lt;&amp;&apos;""#),
    ("@uri", "\"a b/ü\"", r#""a%20b%2F%C3%BC""#),
    ("[@base64, @base64d]", "\"aGk=\"", r#"["YUdrPQ==","hi"]"#),
    ("@base64d", "\"aGk=\"", "\"hi\""),
    ("@base64d", "\"/w==\"", "\"\u{fffd}\""),
    ("@sh", r#"["a b","c'd"]"#, r#""'a b' 'c'\\''d'""#),
    ("@json \"x: \\(.)\"", "[1]", r#""x: [1]""#),
    ("65 | ascii", "0", "\"A\""),
    ("[splits(\", *\")]", "\"a, b,c\"", r#"["a","b","c"]"#),
    ("split(\", *\"; null)", "\"a, b\"", r#"["a","b"]"#),
    ("split(\",\")", "\"a,b\"", r#"["a","b"]"#),
    ("join(\"-\")", r#"["a",1,null,true]"#, "\"a-1--true\""),
    ("join(\"-\")", "[]", "\"\""),
    ("test(\"B\"; \"i\")", "\"abc\"", "true"),
    ("test([\"B\", \"i\"])", "\"abc\"", "true"),
    (
        "[match(\"a(?<x>b)?\"; \"g\") | [.offset, .length, .string, .captures[0].name, .captures[0].string]]",
        "\"äab a\"",
        r#"[[1,2,"ab","x","b"],[4,1,"a","x",null]]"#,
    ),
    ("capture(\"(?<y>\\\\d{4})-(?<m>\\\\d\\\\d)\")", "\"2026-01\"", r#"{"y":"2026","m":"01"}"#),
    ("[scan(\"[a-c]\")]", "\"xaybz\"", r#"["a","b"]"#),
    ("sub(\"(?<l>[a-z])\"; \"<\\(.l)>\")", "\"1ab\"", "\"1<a>b\""),
    ("gsub(\"[aeiou]\"; \"\")", "\"education\"", "\"dctn\""),
    ("gsub(\"\\\\p{Lu}\"; \"x\")", "\"aÄb\"", "\"axb\""),
    ("test(\"(\")", "\"a\"", "failed: not a regular expression: unclosed group"),
    (
        "[tostream]",
        r#"{"a":[1,{"b":2}],"c":{}}"#,
        r#"[[["a",0],1],[["a",1,"b"],2],[["a",1,"b"]],[["a",1]],[["c"],{}],[["c"]]]"#,
    ),
    ("fromstream(tostream)", r#"{"a":[1,{"b":2}],"c":{}}"#, r#"{"a":[1,{"b":2}],"c":{}}"#),
    ("[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]", "0", "[[[0],2],[[0]]]"),
    ("[limit(2; .[])]", "[1,2,3]", "[1,2]"),
    ("[first(.[]), last(.[]), nth(1; .[])]", "[1,2,3]", "[1,3,2]"),
    ("[.[] | ltrimstr(\"a\")]", r#"["ab","b",1]"#, r#"["b","b",1]"#),
    ("[rtrimstr(\"b\"), trimstr(\"a\")]", "\"ab\"", r#"["a","b"]"#),
    ("[trim, ltrim, rtrim]", "\" a \"", r#"["a","a "," a"]"#),
    ("[.[] | abs]", "[-1,1,-1.5]", "[1,1,1.5]"),
    ("[.[] | length]", r#"[null,-5,"äb",[1],{"a":1}]"#, "[0,5,2,1,1]"),
    ("have_literal_numbers", "0", "true"),
    ("reverse", "\"abc\"", "\"cba\""),
    ("[combinations]", "[[1,2],[3,4]]", "[[1,3],[1,4],[2,3],[2,4]]"),
    ("[range(3), range(1; 3), range(1; 1; 0)]", "0", "[0,1,2,1,2]"),
    ("[range(0; 10; 3), range(3; 0; -1)]", "0", "[0,3,6,9,3,2,1]"),
    ("[until(. > 100; . * 2)]", "1", "[128]"),
    ("[sort_by(.a), group_by(.a)[0], unique_by(.a)]", "[]", "[[],null,[]]"),
    (
        "[sort, unique, min, max]",
        "[3,1,null,\"a\",1]",
        r#"[[null,1,1,3,"a"],[null,1,3,"a"],null,"a"]"#,
    ),
    ("sort | map(isnan)", "[1]", "[false]"),
    ("[nan, 1, nan, 0] | sort | .[2:]", "0", "[0,1]"),
    ("group_by(.a) | map(length)", r#"[{"a":1},{"a":2},{"a":1}]"#, "[2,1]"),
    ("add / length", "[1,2,3]", "2"),
    ("[any, all]", "[true,false]", "[true,false]"),
    ("flatten", "[1,[2,[3]]]", "[1,2,3]"),
    ("flatten(1)", "[1,[2,[3]]]", "[1,2,[3]]"),
    ("[indices(\",\"), index(\",\"), rindex(\",\")]", "\"a,b,c\"", "[[1,3],1,3]"),
    ("indices([1,2])", "[0,1,2,1,2]", "[1,3]"),
    ("inside(\"abc\")", "\"b\"", "true"),
    ("contains({a: [\"x\"]})", r#"{"a":["xy"],"b":1}"#, "true"),
    ("[has(\"a\"), has(\"b\")]", r#"{"a":null}"#, "[true,false]"),
    ("tojson | fromjson", r#"{"a":[1.0,-0]}"#, r#"{"a":[1.0,-0]}"#),
    (
        "fromjson",
        "\"[1\"",
        "failed: cannot read \"[1\" as JSON: expected a comma or the end of the array at byte 2",
    ),
    ("tonumber", "\"1.50\"", "1.50"),
    ("[.[] | tostring]", r#"[1,"1",[1]]"#, r#"["1","1","[1]"]"#),
    ("bsearch(2)", "[1,2,3]", "1"),
    ("transpose", "[[1,2],[3]]", "[[1,3],[2,null]]"),
    ("input_line_number", "0", "compile 0..17: unknown function input_line_number"),
    ("splits(1)", "\"a\"", "failed: cannot use 1 as text for a regular expression"),
    ("[ascii_downcase, ascii_upcase]", "\"aB\"", r#"["ab","AB"]"#),
    ("explode | implode", "\"aü€😀\"", "\"aü€😀\""),
    ("[isvalid(1)]", "0", "compile 1..8: unknown function isvalid with 1 argument"),
    ("debug | debug(1) | stderr", "7", "7"),
];

#[test]
fn every_function_compiles_and_answers_or_fails_by_itself() {
    for (name, arity) in crate::library::signatures() {
        if name == "!empty" {
            continue;
        }
        let arguments = ["1"; 4][..arity].join("; ");
        let call = if arity == 0 { name.to_owned() } else { format!("{name}({arguments})") };
        for input in ["null", "-1", "1.5", "\"a\"", "[1,[2]]", "{\"a\":1}", "9223372036854775807"] {
            let outcome = transcript(&format!("[limit(3; {call})]"), input);
            assert!(!outcome.starts_with("compile"), "{call}: {outcome}");
            assert!(!outcome.starts_with("internal"), "{call} on {input}: {outcome}");
        }
    }
}

#[test]
fn time_is_the_recorded_one_and_utc() {
    check(&[
        ("now", "0", "1769848200.5"),
        ("now | todate", "0", "\"2026-01-31T08:30:00.5Z\""),
        ("now | floor | todate", "0", "\"2026-01-31T08:30:00Z\""),
        ("fromdate", "\"2026-01-31T08:30:00Z\"", "1769848200"),
        ("gmtime | mktime", "1769848200", "1769848200"),
        ("[gmtime, localtime] | .[0] == .[1]", "1769848200", "true"),
        ("strftime(\"%Y-%m-%d\")", "1769848200", "\"2026-01-31\""),
        ("strflocaltime(\"%H:%M %Z\")", "1769848200", "\"08:30 UTC\""),
        ("strptime(\"%Y-%m-%d\") | mktime", "\"2026-01-31\"", "1769817600"),
        ("todate", "1e300", "failed: cannot read 1e300 as a time"),
    ]);
}

#[test]
fn long_sequences_evaluate_in_order() {
    let list: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let fields: Vec<String> = (0..100).map(|n| format!("k{n}: {n}")).collect();
    let source = format!("[{}] == [range(300)]", list.join(", "));
    assert_eq!(transcript(&source, "0"), "true");
    let source =
        format!("{{{}}} | [keys_unsorted[] | .[1:] | tonumber] == [range(100)]", fields.join(", "));
    assert_eq!(transcript(&source, "0"), "true");
    let text: String = (0..50).map(|n| format!("\\({n})-")).collect();
    let source = format!("\"{text}\" == ([range(50) | \"\\(.)-\"] | add)");
    assert_eq!(transcript(&source, "0"), "true");
    check(&[
        (
            "[{a: (1, 2), b: (3, 4), c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: (5, 6)} | [.a, .b, .i]] | length",
            "0",
            "8",
        ),
        (
            "[{a: (1, 2), b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: (5, 6)} | [.a, .i]]",
            "0",
            "[[1,5],[1,6],[2,5],[2,6]]",
        ),
    ]);
}

#[test]
fn recursion_and_scopes_work() {
    check(&[
        ("def fac: if . < 2 then 1 else . * (. - 1 | fac) end; fac", "20", "2432902008176640000"),
        ("def f(g): if . > 100 then . else . * 2 | f(g) end; f(.)", "1", "128"),
        ("def down: if . == 0 then \"end\" else . - 1 | down end; down", "10000", "\"end\""),
        (
            "def depth: if type == \"array\" then 1 + (map(depth) | max // 0) else 0 end; depth",
            "[[[1]],2]",
            "3",
        ),
        ("def f: def g: 3; g; def g: 4; [f, g]", "0", "[3,4]"),
        (
            "def tree: {v: ., kids: (if . > 0 then [. - 1 | tree] else [] end)}; tree | [.. | .v? // empty] | length",
            "5",
            "6",
        ),
        (". as [$a, {b: $c}] | [$a, $c]", r#"[1,{"b":2}]"#, "[1,2]"),
        (". as {a: $x, $b} | [$x, $b]", r#"{"a":1,"b":2}"#, "[1,2]"),
        ("reduce .[] as [$k, $v] ({}; .[$k] = $v)", r#"[["a",1],["b",2]]"#, r#"{"a":1,"b":2}"#),
        ("[foreach .[] as $x (0; . + $x; [$x, .])]", "[1,2]", "[[1,1],[2,3]]"),
        ("[label $out | .[] | if . > 2 then break $out else . end]", "[1,2,3,1]", "[1,2]"),
        ("try error(\"a\") catch . + \"b\"", "0", "\"ab\""),
        ("[.[] | tonumber?]", r#"["1","x"]"#, "[1]"),
        (
            "path(def f: .a | if . == null then . else f end; f)",
            r#"{"a":{"a":1}}"#,
            "failed: cannot index 1 with \"a\"",
        ),
        (
            "(def leaves: if type == \"array\" then .[] | leaves else . end; leaves) |= . + 1",
            "[1,[2]]",
            "[2,[3]]",
        ),
        ("[def f: if . < 3 then ., (. + 1 | f) else empty end; 0 | f]", "0", "[0,1,2]"),
    ]);
}

#[test]
fn variables_are_found_and_refused() {
    let used = |source: &str| {
        Program::compile(source, &["context", "secrets", "task"]).unwrap().variables().to_vec()
    };
    assert_eq!(used("$task.a + $context.b + $task.c"), ["task", "context"]);
    assert_eq!(used(". as $context | $context"), Vec::<String>::new());
    assert_eq!(used("(1 as $task | $task) + $task"), ["task"]);
    assert_eq!(used("def f($task): $task; f(1)"), Vec::<String>::new());
    assert_eq!(used("reduce $task[] as $task (0; . + $task)"), ["task"]);
    assert_eq!(used("$secret.x + $secrets.y"), ["secrets"]);
    assert_eq!(used("{$secret}"), ["secrets"]);
    assert_eq!(used("\"\\($context.id)\""), ["context"]);
    check(&[
        ("$secret", "0", r#"{"name":"secrets"}"#),
        (
            "{$secret, $context}",
            "0",
            r#"{"secret":{"name":"secrets"},"context":{"name":"context"}}"#,
        ),
        (
            "$contxt.a",
            "0",
            "compile 0..7: unknown variable $contxt; available here: $context, $input, $secrets",
        ),
        ("1 + foo", "0", "compile 4..7: unknown function foo"),
        ("1 +", "0", "compile 3..3: expected term at the end"),
        ("{a: 1", "0", "compile 0..1: this brace is not closed"),
        ("[1)", "0", "compile 0..1: this bracket is not closed"),
        ("1)", "0", "compile 1..2: nothing is open that ')' closes"),
        ("\"abc", "0", "compile 0..1: this text in quotes does not end"),
        ("\"\\x\"", "0", "compile 2..3: expected string escape sequence, found `x`"),
        (
            "import \"a\" as a; .",
            "0",
            "compile 7..10: expected the end of the expression, found `\"a\"`",
        ),
        (
            "@yaml",
            "0",
            "compile 0..5: unknown format @yaml; there are @text, @json, @html, @htmld, @uri, @urid, @csv, @tsv, @sh, @base64, @base64d",
        ),
        ("", "0", "compile 0..0: expected term at the end"),
    ]);
}

#[test]
fn fields_may_leave_out_the_dollar_and_braces() {
    let field =
        |text: &str| Program::compile_field(text, &[]).map(|program| program.source().to_owned());
    assert_eq!(field("${ .a }").unwrap(), " .a ");
    assert_eq!(field(" ${.a}\n").unwrap(), ".a");
    assert_eq!(field(".a").unwrap(), ".a");
    assert_eq!(field("${ {a: \"}\"} }").unwrap(), " {a: \"}\"} ");
    assert_eq!(field("  ${ foo }").unwrap_err().range, 5..8);
    assert!(field("${ .a } ${ .b }").is_err());
}

#[test]
fn a_program_knows_whether_it_reads_the_clock() {
    for (source, reads) in [
        ("now", true),
        (".a | now | todate", true),
        ("{ at: now }", true),
        ("\"at \\(now)\"", true),
        ("def f: now; f", true),
        (".now", false),
        ("{ now: 1 }", false),
        ("\"now\"", false),
        ("def now: 1; now", false),
        ("0 | todate", false),
        ("$x.now", false),
    ] {
        let program = Program::compile(source, &["x"]).unwrap();
        assert_eq!(program.reads_clock(), reads, "{source}");
    }
}
