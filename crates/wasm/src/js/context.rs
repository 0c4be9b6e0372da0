//! The optional second argument of the validating functions.

use js_sys::TypeError;
use vouchkey_types::date::Date;
use vouchkey_types::json::{self, Json};
use vouchkey_types::session::create::Context;
use wasm_bindgen::prelude::*;

use crate::js::body;

/// What the rules need to know of the world, read from JavaScript.
pub(super) struct Rules {
    today: Date,
    schemes: Vec<String>,
}

impl Rules {
    /// Reads `{today?, schemes?}`; what is absent is the current UTC date and no scheme.
    pub(super) fn read(context: &JsValue) -> Result<Self, JsValue> {
        let context = if context.is_undefined() || context.is_null() {
            Json::Null
        } else {
            let text = body::stringify(context).ok();
            text.and_then(|text| json::read(&text).ok())
                .filter(|context| context.as_object().is_some())
                .ok_or_else(|| type_error("context must be an object"))?
        };
        let member = |name| context.get(name).filter(|value| !value.is_null());
        let today = member("today").map_or_else(|| Some(current_date()), date);
        let schemes = member("schemes").map_or_else(|| Some(Vec::new()), strings);
        Ok(Self {
            today: today.ok_or_else(|| type_error("context.today must be a date, YYYY-MM-DD"))?,
            schemes: schemes
                .ok_or_else(|| type_error("context.schemes must be a list of strings"))?,
        })
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            today: self.today,
            schemes: &self.schemes,
            strict: false,
            // Which workflows exist only the server knows.
            workflows: None,
            publishable: None,
        }
    }
}

fn current_date() -> Date {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "JavaScript's times are whole and within 2^53"
    )]
    Date::from_unix_ms(js_sys::Date::now() as i64)
}

fn date(value: &Json) -> Option<Date> {
    value.as_str().and_then(Date::parse)
}

fn strings(value: &Json) -> Option<Vec<String>> {
    let text = |item: &Json| item.as_str().map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}

fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}
