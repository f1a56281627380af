use expect_test::expect;

use super::*;

const SOURCE: &str = "[[sources]]\nname = \"orders\"\nkind = \"kafka\"\naddresses = [\"localhost:9092\"]\n\
                      topic = \"orders\"\nnamespace = \"shop\"\n";

fn read(table: Table, text: &str) -> Result<Vec<Outlet>, String> {
    let parsed: toml::Table = text.parse().unwrap();
    let value = parsed.get(table.name()).expect("the table");
    table.read("motet.toml", value).map_err(|failure| failure.message)
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let sources = format!(
        "{SOURCE}type = \"order.\\\"x\\\"\"\ntls = true\nuser = \"me\"\npassword-secret = \"kafka\"\n\
         mechanism = \"scram-sha-512\"\n"
    );
    let sources = read(Table::Sources, &sources).unwrap();
    let printed = Table::Sources.print(&sources);
    assert_eq!(read(Table::Sources, &printed).unwrap(), sources);
    expect![[r#"

        [[sources]]
        addresses = ["localhost:9092"]
        kind = "kafka"
        mechanism = "scram-sha-512"
        name = "orders"
        namespace = "shop"
        password-secret = "kafka"
        tls = true
        topic = "orders"
        type = "order.\"x\""
        user = "me"
    "#]]
    .assert_eq(&printed);
}

#[test]
fn mistakes_are_named() {
    let sink = |more: &str| {
        format!("[[sinks]]\nname = \"out\"\nkind = \"http\"\naddresses = [\"http://a\"]\n{more}")
    };
    let table = [
        (Table::Sources, "sources = 1".to_owned()),
        (Table::Sources, "[[sources]]\nname = \"orders\"".to_owned()),
        (Table::Sources, format!("{SOURCE}pasword = \"x\"")),
        (Table::Sources, format!("{SOURCE}{SOURCE}")),
        (Table::Sources, SOURCE.replace("kafka", "http")),
        (Table::Sources, SOURCE.replace("kafka", "nats")),
        (Table::Sources, SOURCE.replace("\"shop\"", "\"The Shop\"")),
        (Table::Sources, SOURCE.replace("[\"localhost:9092\"]", "[]")),
        (Table::Sources, SOURCE.replace("[\"localhost:9092\"]", "\"localhost:9092\"")),
        (Table::Sources, format!("{SOURCE}user = \"me\"")),
        (Table::Sources, format!("{SOURCE}tls = \"yes\"")),
        (Table::Sinks, sink("topic = 1")),
        (Table::Sinks, sink("stream = \"a\"")),
        (Table::Sinks, sink("types = [1]")),
        (Table::Sinks, sink("").replace("[\"http://a\"]", "[\"http://a\", \"http://b\"]")),
        (Table::Sinks, sink("").replace("http\"", "nats\"")),
    ];
    let lines = table.map(|(table, text)| read(table, &text).expect_err(&text));
    expect![[r#"
        motet.toml: sources: write each as a table [[sources]]
        motet.toml: sources[0]: kind is missing
        motet.toml: sources[0]: there is no key "pasword"
        motet.toml: sources[1]: there are two named orders
        motet.toml: sources[0]: kind: "http" is none of kafka, nats
        motet.toml: sources[0]: stream is missing
        motet.toml: sources[0]: namespace: "The Shop" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        motet.toml: sources[0]: addresses: there is none
        motet.toml: sources[0]: addresses: expected a list of texts
        motet.toml: sources[0]: user and password-secret belong together
        motet.toml: sources[0]: tls: expected true or false
        motet.toml: sinks[0]: topic: 1 is no text
        motet.toml: sinks[0]: there is no key "stream"
        motet.toml: sinks[0]: types: 1 is no text
        motet.toml: sinks[0]: addresses: an HTTP sink has one
        motet.toml: sinks[0]: subject is missing"#]].assert_eq(&lines.join("\n"));
}
