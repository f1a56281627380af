use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Decision, Domain, ServiceName};

/// Sends messages to customers, which here means that it writes them down.
#[derive(Default)]
pub(crate) struct Notifications {
    messages: Vec<Message>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) to: String,
    pub(crate) template: String,
    pub(crate) order_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fact {
    Sent(Message),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    to: String,
    template: String,
    order_id: String,
}

impl Domain for Notifications {
    const NAME: ServiceName = ServiceName::Notifications;
    type Fact = Fact;

    fn decide(&self, call: &Call<'_>) -> Decision<Fact> {
        match (call.method, call.path) {
            (&Method::POST, ["messages"]) => match call.read() {
                Ok(message) => self.send(message),
                Err(answer) => answer.into(),
            },
            _ => Answer::no_such_operation(call).into(),
        }
    }

    fn apply(&mut self, Fact::Sent(message): Fact) {
        self.messages.push(message);
    }

    fn sums(&self) -> Value {
        let mut by_template: BTreeMap<&str, usize> = BTreeMap::new();
        for message in &self.messages {
            *by_template.entry(&message.template).or_default() += 1;
        }
        json!({ "messages": self.messages.len(), "byTemplate": by_template })
    }

    fn entries(&self) -> Value {
        json!(self.messages)
    }
}

impl Notifications {
    fn send(&self, new: NewMessage) -> Decision<Fact> {
        let NewMessage { to, template, order_id } = new;
        let message_id = format!("message-{}", self.messages.len() + 1);
        let answer = json!({ "messageId": message_id });
        Decision::effect(201, answer, Fact::Sent(Message { message_id, to, template, order_id }))
    }
}
