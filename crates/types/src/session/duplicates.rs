//! Members that were given twice: refused by name, together with everything else (decision 4).

use crate::json::{Json, Object};
use crate::problem::{Fault, FieldCode, Mistakes, item_path, member_path};

/// How often the name of a member occurs in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    /// Only here.
    First,
    /// Here, and again later.
    FirstOfMany,
    /// It stood before.
    Again,
}

/// The state of each member.
pub(crate) fn repeated_members(object: &Object) -> Vec<Member> {
    let mut states = vec![Member::First; object.len()];
    let mut names: Vec<(&str, usize)> = object
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (name, index))
        .collect();
    names.sort_unstable();
    for run in names
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|run| run.len() > 1)
    {
        states[run[0].1] = Member::FirstOfMany;
        for (_, index) in &run[1..] {
            states[*index] = Member::Again;
        }
    }
    states
}

/// What is said of such a member.
pub(crate) fn fault() -> Fault {
    Fault::new(
        FieldCode::DuplicateField,
        "Is given more than once; send it once, in one spelling.",
    )
}

/// Whether a value repeats a member, at any depth.
pub(crate) fn is_within(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().any(is_within),
        Json::Object(object) => {
            repeated_members(object)
                .iter()
                .any(|state| *state != Member::First)
                || object.iter().any(|(_, value)| is_within(value))
        }
        _ => false,
    }
}

/// Notes each member that a value repeats, at any depth; of a repeated one the first value is
/// looked into.
pub(crate) fn report_within(value: &Json, path: &dyn Fn() -> String, mistakes: &mut Mistakes) {
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                report_within(item, &|| item_path(&path(), index), mistakes);
            }
        }
        Json::Object(object) => {
            for ((name, value), state) in object.iter().zip(repeated_members(object)) {
                let path = || member_path(&path(), name);
                match state {
                    Member::First => {}
                    Member::FirstOfMany => mistakes.push_with(|| fault().at(path())),
                    Member::Again => continue,
                }
                report_within(value, &path, mistakes);
            }
        }
        _ => {}
    }
}
