use super::{Definition, Object, Property, Shape, calls, common, tasks};
use crate::value::{Map, Value};

/// The JSON Schema (draft 2020-12) of documents, for editors: the whole language and our extensions of it.
pub fn json_schema() -> Value {
    let definitions = [common::DEFINITIONS, tasks::DEFINITIONS, calls::DEFINITIONS].concat_all();
    let mut schema = Json::default()
        .with("$schema", text("https://json-schema.org/draft/2020-12/schema"))
        .with("title", text("Workflow definition"))
        .0;
    if let Value::Obj(root) = shape(&common::DOCUMENT) {
        schema.extend(root.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    let entries = definitions.into_iter().map(|own| (text(own.name), definition(own)));
    Json(schema).with("$defs", Value::obj(entries.collect())).value()
}

/// Joins the parts of the table.
trait ConcatAll {
    fn concat_all(self) -> Vec<&'static Definition>;
}

impl<const N: usize> ConcatAll for [&'static [Definition]; N] {
    fn concat_all(self) -> Vec<&'static Definition> {
        self.into_iter().flatten().collect()
    }
}

fn definition(own: &Definition) -> Value {
    described(shape(&own.shape), own.description)
}

fn described(schema: Value, description: &str) -> Value {
    let entries = match &schema {
        Value::Obj(entries) => entries.as_ref().clone(),
        _ => Map::default(),
    };
    let described = Json::default().with("description", text(description)).0;
    Value::obj(described.into_iter().chain(entries).collect())
}

fn shape(own: &Shape) -> Value {
    let json = Json::default();
    match own {
        Shape::Any => json,
        Shape::Text => json.with("type", text("string")),
        Shape::Marked => pattern(r"^\s*\$\{[\s\S]*\}\s*$"),
        Shape::Pattern(own) => pattern(own),
        Shape::Truth => json.with("type", text("boolean")),
        Shape::Number => json.with("type", text("number")),
        Shape::Count(min, max) => {
            let json = json.with("type", text("integer")).with("minimum", count(*min));
            if *max == u64::MAX { json } else { json.with("maximum", count(*max)) }
        }
        Shape::Constant(word) => json.with("const", text(word)),
        Shape::Words(words) => json.with("enum", words().into_iter().map(text).collect()),
        Shape::List(item) => json.with("type", text("array")).with("items", shape(item)),
        Shape::FilledList(item) => {
            json.with("type", text("array")).with("minItems", count(1)).with("items", shape(item))
        }
        Shape::Map(entry) => {
            json.with("type", text("object")).with("additionalProperties", shape(entry))
        }
        Shape::Named(entry) => json
            .with("type", text("object"))
            .with("minProperties", count(1))
            .with("maxProperties", count(1))
            .with("additionalProperties", shape(entry)),
        Shape::Object(own) => object(own),
        Shape::OneOf(shapes) => json.with("oneOf", shapes.iter().map(shape).collect()),
        Shape::AnyOf(shapes) => json.with("anyOf", shapes.iter().map(shape).collect()),
        Shape::Of(name) => json.with("$ref", text(&format!("#/$defs/{name}"))),
    }
    .value()
}

fn pattern(own: &str) -> Json {
    Json::default().with("type", text("string")).with("pattern", text(own))
}

fn object(own: &Object) -> Json {
    let common: &[Property] = if own.task { tasks::COMMON } else { &[] };
    let properties = || common.iter().chain(own.properties);
    let entries = properties().map(|property| {
        (text(property.name), described(shape(&property.shape), property.description))
    });
    let mut json = Json::default()
        .with("type", text("object"))
        .with("properties", Value::obj(entries.collect()));
    let required: Vec<Value> =
        properties().filter(|property| property.required).map(|own| text(own.name)).collect();
    if !required.is_empty() {
        json = json.with("required", required.into_iter().collect());
    }
    if !own.open {
        json = json.with("additionalProperties", Value::Bool(false));
    }
    if own.filled {
        json = json.with("minProperties", count(1));
    }
    match own.alternatives {
        [] => json,
        [group] => json.with("oneOf", alternatives(group)),
        groups => {
            let groups = groups
                .iter()
                .map(|group| Json::default().with("oneOf", alternatives(group)).value());
            json.with("allOf", groups.collect())
        }
    }
}

fn alternatives(group: &[&str]) -> Value {
    let required = |name: &&str| {
        let names: Value = std::iter::once(text(name)).collect();
        Json::default().with("required", names).value()
    };
    group.iter().map(required).collect()
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}

fn count(number: u64) -> Value {
    Value::Num(crate::value::Num::from_integral(number))
}

/// A JSON object under construction.
#[derive(Default)]
struct Json(Map);

impl Json {
    fn with(mut self, key: &str, value: Value) -> Self {
        self.0.insert(text(key), value);
        self
    }

    fn value(self) -> Value {
        Value::obj(self.0)
    }
}
