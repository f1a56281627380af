use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Decision, Domain, ServiceName};

/// A charge above it is refused, in cents.
const CHARGE_CENTS_MAX: u64 = 100_000;

/// Charges and refunds, on one account per currency.
#[derive(Default)]
pub(crate) struct Payments {
    charges: BTreeMap<String, Charge>,
    refunds: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Charge {
    pub(crate) charge_id: String,
    pub(crate) order_id: String,
    /// In cents.
    pub(crate) amount: u64,
    pub(crate) currency: String,
    /// In cents; never more than the amount.
    pub(crate) refunded: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fact {
    Charged(Charge),
    #[serde(rename_all = "camelCase")]
    Refunded {
        charge_id: String,
        amount: u64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCharge {
    order_id: String,
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRefund {
    charge_id: String,
    /// Absent: all that is left.
    amount: Option<u64>,
}

impl Domain for Payments {
    const NAME: ServiceName = ServiceName::Payments;
    type Fact = Fact;

    fn decide(&self, call: &Call<'_>) -> Decision<Fact> {
        match (call.method, call.path) {
            (&Method::POST, ["charges"]) => match call.read() {
                Ok(charge) => self.charge(charge),
                Err(answer) => answer.into(),
            },
            (&Method::POST, ["refunds"]) => match call.read() {
                Ok(refund) => self.refund(&refund),
                Err(answer) => answer.into(),
            },
            (&Method::GET, ["charges", id]) => match self.charges.get(*id) {
                Some(charge) => Answer::ok(json!(charge)).into(),
                None => Answer::no_such("charge", id).into(),
            },
            _ => Answer::no_such_operation(call).into(),
        }
    }

    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Charged(charge) => {
                self.charges.insert(charge.charge_id.clone(), charge);
            }
            Fact::Refunded { charge_id, amount } => {
                self.refunds += 1;
                if let Some(charge) = self.charges.get_mut(&charge_id) {
                    charge.refunded += amount;
                }
            }
        }
    }

    fn sums(&self) -> Value {
        let mut accounts: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
        for charge in self.charges.values() {
            let (charges, charged, refunded) = accounts.entry(&charge.currency).or_default();
            *charges += 1;
            *charged += charge.amount;
            *refunded += charge.refunded;
        }
        let accounts: Value = accounts
            .into_iter()
            .map(|(currency, (charges, charged, refunded))| {
                let net = charged - refunded;
                let sums = json!({
                    "charges": charges, "charged": charged, "refunded": refunded, "net": net,
                });
                (currency.to_owned(), sums)
            })
            .collect();
        json!({ "accounts": accounts, "charges": self.charges.len(), "refunds": self.refunds })
    }

    fn entries(&self) -> Value {
        self.charges.values().map(|charge| json!(charge)).collect()
    }
}

impl Payments {
    fn charge(&self, new: NewCharge) -> Decision<Fact> {
        let NewCharge { order_id, amount, currency } = new;
        if amount > CHARGE_CENTS_MAX {
            let detail = format!("{amount} is more than the limit of {CHARGE_CENTS_MAX} cents");
            return Answer::problem(402, "charge refused", &detail).into();
        }
        let charge_id = format!("charge-{}", self.charges.len() + 1);
        let answer = json!({ "chargeId": charge_id });
        let charge = Charge { charge_id, order_id, amount, currency, refunded: 0 };
        Decision::effect(201, answer, Fact::Charged(charge))
    }

    fn refund(&self, new: &NewRefund) -> Decision<Fact> {
        let Some(charge) = self.charges.get(&new.charge_id) else {
            return Answer::no_such("charge", &new.charge_id).into();
        };
        let left = charge.amount - charge.refunded;
        let amount = new.amount.unwrap_or(left);
        if amount == 0 || amount > left {
            let detail = format!("{left} cents of {} are left to refund", new.charge_id);
            return Answer::problem(409, "not refundable", &detail).into();
        }
        let refund_id = format!("refund-{}", self.refunds + 1);
        let answer = json!({ "refundId": refund_id, "amount": amount });
        Decision::effect(201, answer, Fact::Refunded { charge_id: new.charge_id.clone(), amount })
    }
}
