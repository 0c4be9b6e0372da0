//! Requests that were sent and not yet answered for sure, so that sending one again creates nothing twice.

use vouchkey_types::api_key::Environment;
use vouchkey_types::json::{self, Json};

/// So many are kept, the newest.
const MOST: usize = 8;

/// A request that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) environment: Environment,
    pub(crate) body: String,
    pub(crate) key: String,
}

/// Those that were tried, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attempts(Vec<Attempt>);

impl Attempts {
    /// The attempt at this request, a new one where it was not tried before.
    pub(crate) fn at(
        &mut self,
        environment: Environment,
        body: String,
        new_key: impl FnOnce() -> String,
    ) -> Attempt {
        let before = self
            .0
            .iter()
            .find(|before| before.environment == environment && before.body == body);
        if let Some(before) = before {
            return before.clone();
        }
        let attempt = Attempt {
            environment,
            body,
            key: new_key(),
        };
        self.0.push(attempt.clone());
        self.0.drain(..self.0.len().saturating_sub(MOST));
        attempt
    }

    /// Forgets the one of this key: it was answered.
    pub(crate) fn drop(&mut self, key: &str) {
        self.0.retain(|attempt| attempt.key != key);
    }

    /// As the browser keeps them; empty where there are none.
    pub(crate) fn to_text(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let attempts = self.0.iter().map(|attempt| {
            Json::Array(vec![
                Json::from(attempt.environment.as_str()),
                Json::from(attempt.body.as_str()),
                Json::from(attempt.key.as_str()),
            ])
        });
        Json::Array(attempts.collect()).to_text()
    }

    /// Reads what [`Attempts::to_text`] wrote.
    pub(crate) fn read(text: &str) -> Self {
        let kept = json::read(text.as_bytes()).ok();
        let attempts = kept.as_ref().and_then(Json::as_array).unwrap_or_default();
        Self(attempts.iter().filter_map(read_one).collect())
    }
}

fn read_one(json: &Json) -> Option<Attempt> {
    let [environment, body, key] = json.as_array()? else {
        return None;
    };
    Some(Attempt {
        environment: Environment::parse(environment.as_str()?)?,
        body: body.as_str()?.to_owned(),
        key: key.as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn the_same_request_has_the_same_key_until_it_was_answered() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.to_text(), "");
        let mut count = 0;
        let mut key_of = |attempts: &mut Attempts, environment, body: &str| {
            count += 1;
            let attempt = attempts.at(environment, body.to_owned(), || format!("k{count}"));
            *attempts = Attempts::read(&attempts.to_text());
            attempt.key
        };
        let live = key_of(&mut attempts, Environment::Live, "{\"a\":\"\\\"\"}");
        let sandbox = key_of(&mut attempts, Environment::Sandbox, "{\"a\":\"\\\"\"}");
        assert_ne!(live, sandbox);
        key_of(&mut attempts, Environment::Live, "{}");
        assert_eq!(
            key_of(&mut attempts, Environment::Live, "{\"a\":\"\\\"\"}"),
            live
        );
        attempts.drop(&live);
        assert_ne!(
            key_of(&mut attempts, Environment::Live, "{\"a\":\"\\\"\"}"),
            live
        );
        for number in 0..MOST {
            key_of(&mut attempts, Environment::Live, &number.to_string());
        }
        assert_eq!(attempts.0.len(), MOST);
        assert_eq!(Attempts::read("[1,[\"live\"]]"), Attempts::default());
    }
}
