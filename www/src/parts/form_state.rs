//! The form while somebody types: the draft, its mistakes, and which of them are shown.

use std::collections::HashSet;

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::json::Json;
use vouchkey_types::problem::FieldError;
use vouchkey_types::session::create::{Context, CreateSessionRequest};

use super::account::Account;
use super::country;
use super::kept::Kept;
use crate::browser;
use crate::form::draft::Draft;
use crate::form::fields::Group;
use crate::form::placing::{Control, Placed, place};
use crate::router::{Address, Route};

/// The request as it stands, and all that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked {
    pub(crate) request: Json,
    pub(crate) errors: Vec<FieldError>,
}

/// The form, for everything inside it.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    environment: Memo<Environment>,
    kept: StoredValue<Kept>,
    /// The draft was begun before this page was opened.
    pub(crate) is_restored: RwSignal<bool>,
    pub(crate) draft: RwSignal<Draft>,
    pub(crate) checked: Memo<Checked>,
    /// Mistakes at their controls, the server's included.
    pub(crate) placed: Memo<Vec<Placed>>,
    /// What only the server knew; gone once the control is changed.
    refused: RwSignal<Vec<FieldError>>,
    left: RwSignal<HashSet<Control>>,
    is_sent: RwSignal<bool>,
    pub(crate) open: RwSignal<HashSet<Group>>,
}

impl Form {
    pub(crate) fn new(account: Account, environment: Memo<Environment>) -> Self {
        let kept = Kept::of(account);
        let begun = kept.draft(environment.get_untracked());
        let is_restored = RwSignal::new(begun.is_some());
        let draft = RwSignal::new(with_row(begun.unwrap_or_default()));
        let refused = RwSignal::new(Vec::new());
        let checked =
            Memo::new(move |_| draft.with(|draft| check(draft, account, environment.get())));
        let placed = Memo::new(move |_| {
            let mut errors = checked.read().errors.clone();
            errors.extend(refused.get());
            draft.with(|draft| place(draft, &errors))
        });
        let form = Self {
            environment,
            kept: StoredValue::new(kept),
            is_restored,
            draft,
            checked,
            placed,
            refused,
            left: RwSignal::new(HashSet::new()),
            is_sent: RwSignal::new(false),
            open: RwSignal::new(HashSet::new()),
        };
        form.keep();
        form
    }

    /// Keeps what is typed, from now on, in the environment that the address names.
    fn keep(self) {
        let path = Address::here().path();
        let kept = self.kept();
        Effect::new(move |before: Option<Environment>| {
            let environment = self.environment.get();
            let text = self.draft.read().to_text();
            // On the way to another page the environment is no longer this one's.
            if path.with_untracked(|path| Route::of(path) != Route::NewSession) {
                return before.unwrap_or(environment);
            }
            if let Some(before) = before.filter(|before| *before != environment) {
                let there = kept.draft(environment);
                if text.is_empty() || there.is_some() {
                    // Both keep their own.
                    kept.keep_draft(before, &text);
                    self.begin(there);
                    return environment;
                }
                // Who changes the environment takes along what was typed.
                kept.keep_draft(before, "");
            }
            kept.keep_draft(environment, &text);
            environment
        });
    }

    /// Where its draft is kept, also when the form is no longer there.
    pub(crate) fn kept(self) -> Kept {
        self.kept.get_value()
    }

    /// Begins anew.
    pub(crate) fn clear(self) {
        self.begin(None);
    }

    fn begin(self, kept: Option<Draft>) {
        self.is_restored.set(kept.is_some());
        self.is_sent.set(false);
        self.left.update(HashSet::clear);
        self.refused.set(Vec::new());
        self.draft.set(with_row(kept.unwrap_or_default()));
    }

    /// Takes a change that was made at a control.
    pub(crate) fn edit(self, control: Control, change: impl FnOnce(&mut Draft)) {
        if self.refused.with_untracked(|refused| !refused.is_empty()) {
            self.draft.with_untracked(|draft| {
                self.refused.update(|refused| {
                    refused.retain(|error| {
                        place(draft, std::slice::from_ref(error))
                            .iter()
                            .all(|placed| placed.control != control)
                    });
                });
            });
        }
        self.draft.update(change);
    }

    /// The control was left: from now on its mistakes are shown.
    pub(crate) fn leave(self, control: Control) {
        // A field is also left when the whole form goes away; then there is nothing to show.
        let is_new = self
            .left
            .try_with_untracked(|left| !left.contains(&control));
        if is_new == Some(true) {
            self.left.update(|left| _ = left.insert(control));
        }
    }

    /// The form was sent: all mistakes are shown, and their groups opened.
    pub(crate) fn send(self) {
        self.refused.set(Vec::new());
        // Who sends by the Enter key has not left the field.
        self.draft.update(|draft| {
            draft.trim();
            for path in country::FIELDS {
                if let Some(code) = country::code_for(path, draft.text(path)) {
                    draft.set_text(path, code.to_owned());
                }
            }
        });
        self.show_all();
    }

    /// Takes the mistakes that only the server knew.
    pub(crate) fn refuse(self, errors: Vec<FieldError>) {
        self.refused.set(errors);
        self.show_all();
    }

    fn show_all(self) {
        self.is_sent.set(true);
        let groups: Vec<Group> = self
            .placed
            .with_untracked(|placed| placed.iter().map(|placed| placed.control.group()).collect());
        self.open.update(|open| open.extend(groups));
    }

    /// Whether the request keeps every rule.
    pub(crate) fn is_sound(self) -> bool {
        self.placed.with_untracked(Vec::is_empty)
    }

    /// The mistake to show at a control.
    pub(crate) fn message(self, control: Control) -> Memo<Option<String>> {
        Memo::new(move |_| {
            let is_shown = self.is_sent.get() || self.left.with(|left| left.contains(&control));
            if !is_shown {
                return None;
            }
            self.placed.with(|placed| {
                placed
                    .iter()
                    .find(|placed| placed.control == control)
                    .map(|placed| placed.message.clone())
            })
        })
    }

    /// How many mistakes are shown inside a group.
    pub(crate) fn shown_in(self, group: Group) -> usize {
        let is_sent = self.is_sent.get();
        self.placed.with(|placed| {
            self.left.with(|left| {
                placed
                    .iter()
                    .filter(|placed| {
                        placed.control.group() == group
                            && (is_sent || left.contains(&placed.control))
                    })
                    .count()
            })
        })
    }
}

/// There is always a row to type into.
fn with_row(mut draft: Draft) -> Draft {
    if draft.rows.is_empty() {
        draft.add_row(String::new(), String::new(), false);
    }
    draft
}

/// Holds the draft to the same rules as the server.
fn check(draft: &Draft, account: Account, environment: Environment) -> Checked {
    let (request, mut errors) = draft.request();
    let schemes = account.with(|me| me.schemes.clone());
    let is_known =
        |id: &vouchkey_types::id::WorkflowId| account.with(|me| me.has_workflow(environment, id));
    let context = Context {
        today: browser::today(),
        schemes: &schemes,
        strict: false,
        workflows: Some(&is_known),
        publishable: None,
    };
    let verdict = CreateSessionRequest::from_json(request.clone())
        .map_err(|error| vec![error])
        .and_then(|request| request.validate(&context).map(drop));
    errors.extend(verdict.err().unwrap_or_default());
    Checked { request, errors }
}
