//! Calls as scenarios see them, and who answers them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use motet_engine::Response;
use motet_expr::{Environment, Value, json};
use motet_types::Timestamp;

use crate::model::{CallMock, CallPattern, Failure, Reply};

/// One request as a service got it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// Name of the task; a service does not know it.
    pub task: Option<String>,
    /// JSON pointer of the task.
    pub reference: Option<String>,
    /// As namespace/name.
    pub workflow: Option<String>,
    pub method: String,
    /// With its query.
    pub uri: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Since the start, in milliseconds.
    pub at: Option<u64>,
    /// What came of it: a status, or how it failed.
    pub answer: Option<String>,
}

impl Call {
    /// The call as expectations and expressions see it; JSON bodies are values, others text, or base64 if they are none.
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.as_deref().map(json::string);
        let headers =
            self.headers.iter().map(|(name, value)| (name.clone(), json::string(value.clone())));
        let members = [
            ("task", text(&self.task)),
            ("reference", text(&self.reference)),
            ("workflow", text(&self.workflow)),
            ("method", Some(json::string(self.method.as_str()))),
            ("uri", Some(json::string(self.uri.as_str()))),
            ("headers", Some(json::object(headers))),
            ("body", self.body_value()),
            ("at", self.at.map(|at| Value::from(usize::try_from(at).unwrap_or(usize::MAX)))),
            ("answer", text(&self.answer)),
        ];
        json::object(members.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))))
    }

    fn body_value(&self) -> Option<Value> {
        if self.body.is_empty() {
            return None;
        }
        let media_type = self.headers.iter().find(|(name, _)| name == "content-type");
        let is_json = media_type.is_some_and(|(_, value)| value.contains("json"));
        let parsed = json::parse(&self.body, json::Limits::default()).ok();
        parsed.filter(|_| is_json).or_else(|| {
            let text = std::str::from_utf8(&self.body);
            Some(json::string(text.map_or_else(|_| STANDARD.encode(&self.body), str::to_owned)))
        })
    }
}

/// The mocks of one run, and how far each has come.
#[derive(Clone, Debug)]
pub struct Book<'s> {
    mocks: &'s [CallMock],
    /// Calls answered so far, by mock.
    used: Vec<u32>,
}

/// What a mock says.
#[derive(Clone, Debug)]
pub struct Answered {
    pub reply: Result<Response, Failure>,
    pub delay: std::time::Duration,
}

impl<'s> Book<'s> {
    pub fn new(mocks: &'s [CallMock]) -> Self {
        Self { mocks, used: vec![0; mocks.len()] }
    }

    /// The answer to a call: of the first mock that fits it.
    ///
    /// # Errors
    /// None fits, its answers are used up, or its expression fails; text for people.
    pub fn answer(&mut self, call: &Call) -> Result<Answered, String> {
        let described = format!("{} {}", call.method, call.uri);
        let fits = |mock: &CallMock| mock.pattern.fits(call);
        let Some(idx) = self.mocks.iter().position(fits) else {
            return Err(format!("no mock answers {described}"));
        };
        let used = self.used[idx];
        self.used[idx] += 1;
        let mock = &self.mocks[idx];
        let answer =
            nth(&mock.answers, mock.repeats, used, |answer| answer.times).ok_or_else(|| {
                format!("the mock has {used} answers, and this is one more call: {described}")
            })?;
        let reply = match &answer.reply {
            Reply::Failure(failure) => Err(*failure),
            Reply::Response { status, headers, body } => {
                let (headers, body) = (headers.clone(), body.clone());
                Ok(Response { status: *status, headers, body })
            }
            Reply::Computed(program) => Ok(computed(program, call)?),
        };
        Ok(Answered { reply, delay: answer.delay })
    }

    /// Pointers of the mocks that were never asked.
    pub fn unused(&self) -> impl Iterator<Item = &'s CallMock> {
        let mocks = self.mocks.iter().zip(&self.used);
        mocks.filter(|(_, used)| **used == 0).map(|(mock, _)| mock)
    }
}

/// The answer that comes after `used` others, each given so many times.
pub(crate) fn nth<A>(
    answers: &[A],
    repeats: bool,
    mut used: u32,
    times: impl Fn(&A) -> u32,
) -> Option<&A> {
    for answer in answers {
        if used < times(answer) || repeats {
            return Some(answer);
        }
        used -= times(answer);
    }
    None
}

/// Fuel of one computed answer.
const FUEL: u64 = 1_000_000;

fn computed(program: &motet_expr::Program, call: &Call) -> Result<Response, String> {
    let mut fuel = FUEL;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let result = program
        .evaluate(call.to_value(), Vec::new(), &mut environment)
        .map_err(|error| format!("`compute` fails: {error}"))?;
    let status = json::get(&result, "status").map_or(Ok(200), |it| json::to_text(it).parse());
    let status = status.map_err(|_| "`compute` gives a status that is no number".to_owned())?;
    let mut headers = Vec::new();
    if let Some(Value::Obj(members)) = json::get(&result, "headers") {
        for (name, value) in members.iter() {
            let text = |it| json::as_str(it).unwrap_or_default().to_owned();
            headers.push((text(name), text(value)));
        }
    }
    let body = json::get(&result, "body").map(json::to_text);
    if body.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(Response { status, headers, body: Bytes::from(body.unwrap_or_default()) })
}

impl CallPattern {
    /// Whether a call is meant.
    pub fn fits(&self, call: &Call) -> bool {
        match self {
            Self::Task(name) => call.task.as_deref() == Some(name),
            Self::Reference(pointer) => call.reference.as_deref() == Some(pointer),
            Self::Request { method, uri } => *method == call.method && fits_uri(uri, &call.uri),
        }
    }
}

/// Whether a URI fits a template in which `{name}` stands for one segment; without a query any query fits.
fn fits_uri(template: &str, uri: &str) -> bool {
    let has_query = template.contains('?');
    let uri = if has_query { uri } else { uri.split('?').next().unwrap_or(uri) };
    let mut rest = uri;
    let mut template = template;
    while let Some((before, (_, after))) =
        template.split_once('{').and_then(|(before, from)| Some((before, from.split_once('}')?)))
    {
        let Some(at_name) = rest.strip_prefix(before) else { return false };
        let end = at_name.find(['/', '?', '&']).unwrap_or(at_name.len());
        if end == 0 {
            return false;
        }
        (rest, template) = (&at_name[end..], after);
    }
    rest == template
}
