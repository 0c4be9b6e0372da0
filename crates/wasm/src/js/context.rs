//! The optional last argument of the validating functions, as JSON.

use vouchkey_types::date::Date;
use vouchkey_types::json::{self, Value};
use vouchkey_types::session::create::Context;

/// What the rules need to know of the world.
pub(super) struct Rules {
    today: Date,
    schemes: Vec<String>,
}

/// What is wrong with a context, which only a programmer can get wrong; the number that says so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Misuse {
    NoObject = -1,
    Today = -2,
    Schemes = -3,
}

impl Rules {
    /// Reads `{today?, schemes?}`; what is absent is the date at `now_ms`, and no scheme.
    pub(super) fn read(context: &[u8], now_ms: f64) -> Result<Self, Misuse> {
        let context = if context.is_empty() {
            Value::Null
        } else {
            json::read_borrowed(context)
                .ok()
                .filter(|context| context.as_object().is_some())
                .ok_or(Misuse::NoObject)?
        };
        let member = |name| context.get(name).filter(|value| !value.is_null());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "dates are clamped to what there is"
        )]
        let now = || Some(Date::from_unix_ms(now_ms as i64));
        let date = |value: &Value<'_>| value.as_str().and_then(Date::parse);
        Ok(Self {
            today: member("today")
                .map_or_else(now, date)
                .ok_or(Misuse::Today)?,
            schemes: member("schemes")
                .map_or_else(|| Some(Vec::new()), strings)
                .ok_or(Misuse::Schemes)?,
        })
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            today: self.today,
            schemes: &self.schemes,
            strict: false,
            // Which workflows exist only the server knows, and for whom fields are closed too.
            workflows: None,
            publishable: None,
        }
    }
}

fn strings(value: &Value<'_>) -> Option<Vec<String>> {
    let text = |item: &Value<'_>| item.as_str().map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}
