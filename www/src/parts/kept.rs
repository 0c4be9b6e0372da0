//! What this tab keeps of a person through reloads and other pages: drafts, and what was sent of them.

use vouchkey_types::api_key::Environment;

use super::account::Account;
use crate::browser;
use crate::form::attempts::{Attempt, Attempts};
use crate::form::draft::Draft;
use crate::router::Route;

/// How the names of drafts begin.
const DRAFTS: &str = "vouchkey.draft.";
const ATTEMPTS: &str = "vouchkey.attempts.";

/// Whether there is a draft of anybody.
pub(crate) fn has_drafts() -> bool {
    browser::keeps(DRAFTS)
}

/// The drafts and attempts of who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    email: String,
}

impl Kept {
    pub(crate) fn of(account: Account) -> Self {
        Self {
            email: account.read(|me| me.email.clone()),
        }
    }

    fn draft_name(&self, environment: Environment) -> String {
        format!("{DRAFTS}{}.{}", environment.as_str(), self.email)
    }

    pub(crate) fn draft(&self, environment: Environment) -> Option<Draft> {
        browser::kept(&self.draft_name(environment)).and_then(|text| Draft::read(&text))
    }

    /// Keeps the text of a draft; an empty one is dropped.
    pub(crate) fn keep_draft(&self, environment: Environment, text: &str) {
        browser::keep(&self.draft_name(environment), text);
    }

    fn change_attempts<T>(&self, change: impl FnOnce(&mut Attempts) -> T) -> T {
        let name = format!("{ATTEMPTS}{}", self.email);
        let mut attempts =
            browser::kept(&name).map_or_else(Attempts::default, |text| Attempts::read(&text));
        let outcome = change(&mut attempts);
        browser::keep(&name, &attempts.to_text());
        outcome
    }

    /// The attempt at this request: the one before where it was not answered, so that its key is the same.
    pub(crate) fn attempt(&self, environment: Environment, body: String) -> Attempt {
        self.change_attempts(|attempts| attempts.at(environment, body, browser::random_key))
    }

    /// It was created: neither the attempt nor its draft is needed any longer.
    pub(crate) fn settle(&self, attempt: &Attempt) {
        self.change_attempts(|attempts| attempts.drop(&attempt.key));
        // The draft moves with the environment, also while it is sent.
        for environment in [Environment::Live, Environment::Sandbox] {
            if self.holds(environment, attempt) {
                self.keep_draft(environment, "");
            }
        }
    }

    /// Whether a form is open that would send this once more.
    pub(crate) fn is_open(&self, attempt: &Attempt) -> bool {
        Route::of(&browser::path()) == Route::NewSession && self.holds(attempt.environment, attempt)
    }

    /// Whether the draft of this environment makes the request of this attempt.
    fn holds(&self, environment: Environment, attempt: &Attempt) -> bool {
        let draft = self.draft(environment).unwrap_or_default();
        draft.request().0.to_text() == attempt.body
    }
}
