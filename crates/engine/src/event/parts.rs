//! An event in binary mode: attributes beside data, as protocols with headers carry it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_expr::{Value, json};

use super::Event;

/// Attributes as texts, the content type of the data, and the data's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub attributes: Vec<(String, String)>,
    pub content_type: Option<String>,
    pub data: Option<Vec<u8>>,
}

impl Parts {
    /// The event in the form of the JSON format, still to be checked. JSON becomes data as it is, other text becomes text, and
    /// other bytes base64; data without a content type is JSON.
    ///
    /// # Errors
    /// The data says that it is JSON, and is not.
    pub fn into_value(self, limits: json::Limits) -> Result<Value, json::ParseError> {
        let Self { attributes, content_type, data } = self;
        let text = |(name, value)| (name, json::string(value));
        let mut members: Vec<(String, Value)> = attributes.into_iter().map(text).collect();
        let is_json = content_type.as_deref().is_none_or(is_json);
        members.extend(content_type.map(|kind| ("datacontenttype".to_owned(), json::string(kind))));
        if let Some(data) = data.filter(|data| !data.is_empty()) {
            members.push(match (is_json, std::str::from_utf8(&data)) {
                (true, _) => ("data".to_owned(), json::parse(&data, limits)?),
                (false, Ok(text)) => ("data".to_owned(), json::string(text)),
                (false, Err(_)) => ("data_base64".to_owned(), json::string(STANDARD.encode(data))),
            });
        }
        Ok(json::object(members))
    }

    /// The parts of an event: what [`Parts::into_value`] gives, it gives back.
    pub fn of(event: &Event) -> Self {
        let mut parts = Self::default();
        let Value::Obj(members) = event.value() else { return parts };
        for (name, member) in members.iter() {
            let name = json::as_str(name).unwrap_or_default();
            match (name, json::as_str(member)) {
                ("data", _) => {}
                ("data_base64", Some(text)) => parts.data = STANDARD.decode(text).ok(),
                ("datacontenttype", Some(text)) => parts.content_type = Some(text.to_owned()),
                (_, Some(text)) => parts.attributes.push((name.to_owned(), text.to_owned())),
                // An attribute that is null is absent.
                (_, None) if *member == Value::Null => {}
                (_, None) => parts.attributes.push((name.to_owned(), json::to_text(member))),
            }
        }
        if let Some(data) = json::get(event.value(), "data") {
            let is_json = parts.content_type.as_deref().is_none_or(is_json);
            parts.data = Some(match json::as_str(data).filter(|_| !is_json) {
                Some(text) => text.as_bytes().to_vec(),
                None => json::to_text(data).into_bytes(),
            });
            parts.content_type.get_or_insert_with(|| "application/json".to_owned());
        }
        parts
    }
}

/// `application/json`, or a type that ends with `+json` (RFC 6839), whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.is_empty() || essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bytes_become_and_what_they_were() {
        let table: [(&str, Option<&str>, &[u8]); 7] = [
            ("json", Some("application/json; charset=utf-8"), br#"{"a":1.0}"#),
            ("no type", None, b"[1]"),
            ("a kind of json", Some("application/vnd.shop+json"), b"true"),
            ("text", Some("text/plain"), b"12"),
            ("bytes", Some("application/octet-stream"), b"\xff\x00"),
            ("nothing", Some("text/plain"), b""),
            ("not json", Some("application/json"), b"{"),
        ];
        let lines = table.map(|(name, kind, data)| {
            let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "/a"), ("type", "t")];
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let parts = Parts {
                attributes: attributes.map(owned).to_vec(),
                content_type: kind.map(str::to_owned),
                data: Some(data.to_vec()),
            };
            match parts.clone().into_value(json::Limits::default()) {
                Err(error) => format!("{name}: {error}"),
                Ok(value) => {
                    let event = Event::parse(value).unwrap();
                    let back = Parts::of(&event);
                    assert_eq!(back.data.unwrap_or_default(), data, "{name}");
                    assert_eq!(back.attributes, parts.attributes, "{name}");
                    format!("{name}: {}", &json::to_text(event.value())[54..])
                }
            }
        });
        expect_test::expect![[r#"
            json: ,"datacontenttype":"application/json; charset=utf-8","data":{"a":1.0}}
            no type: ,"data":[1]}
            a kind of json: ,"datacontenttype":"application/vnd.shop+json","data":true}
            text: ,"datacontenttype":"text/plain","data":"12"}
            bytes: ,"datacontenttype":"application/octet-stream","data_base64":"/wA="}
            nothing: ,"datacontenttype":"text/plain"}
            not json: expected a key in quotes at byte 1"#]]
        .assert_eq(&lines.join("\n"));
    }
}
