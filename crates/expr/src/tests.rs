use super::*;

#[test]
fn smoke() {
    let program = Program::compile(".a + $context.b", &["context", "input"]).unwrap();
    assert_eq!(program.variables(), ["context"]);
    let input = json::parse(br#"{"a":1}"#, json::Limits::default()).unwrap();
    let context = json::parse(br#"{"b":2}"#, json::Limits::default()).unwrap();
    let mut fuel = 1000;
    let mut env = Environment::new(&mut fuel, motet_types::Timestamp::default());
    let result = program.evaluate(input, vec![context], &mut env).unwrap();
    assert_eq!(json::to_text(&result), "3");
}
