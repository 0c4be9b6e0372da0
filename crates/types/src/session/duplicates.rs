//! Members that were given twice: refused by name, together with everything else (decision 4).

use std::collections::BinaryHeap;

use crate::json::{Members, Value};
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

/// The state of each member of an object; an empty list where no name is repeated, as nearly always.
#[derive(Debug, Clone)]
pub(crate) struct Repeats(Vec<Member>);

impl Repeats {
    /// Of the members of an object.
    pub(crate) fn of(members: &Members<'_>) -> Self {
        let count = members.len();
        if count < 2 || (count <= FEW && are_different(members)) {
            return Self(Vec::new());
        }
        // By heap, which no order of names makes slow, and in less code than any other.
        let names = members.iter().map(|(name, _)| name);
        let sorted = names.zip(0..).collect::<BinaryHeap<(&str, usize)>>();
        let sorted = sorted.into_sorted_vec();
        if sorted.windows(2).all(|pair| pair[0].0 != pair[1].0) {
            return Self(Vec::new());
        }
        let mut states = vec![Member::First; count];
        for run in sorted
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|run| run.len() > 1)
        {
            states[run[0].1] = Member::FirstOfMany;
            for (_, index) in &run[1..] {
                states[*index] = Member::Again;
            }
        }
        Self(states)
    }

    /// Whether there are any.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The state of the member at this place.
    pub(crate) fn at(&self, index: usize) -> Member {
        self.0.get(index).copied().unwrap_or(Member::First)
    }
}

/// Up to this many names are compared each with each, by a mark of 32 bits.
const FEW: usize = 64;

fn are_different(members: &Members<'_>) -> bool {
    let mut marks = [0; FEW];
    for (index, (name, _)) in members.iter().take(FEW).enumerate() {
        let mark = mark(name.as_bytes());
        let mut before = members.iter().take(index);
        if marks[..index].contains(&mark) && before.any(|(other, _)| other == name) {
            return false;
        }
        marks[index] = mark;
    }
    true
}

/// What is mostly different between different names.
fn mark(name: &[u8]) -> u32 {
    let (rest, end) = name.split_at(name.len().saturating_sub(4));
    let first = rest.first().copied().unwrap_or(0);
    let mix = |mark: u32, byte: &u8| mark.wrapping_mul(31) ^ u32::from(*byte);
    end.iter()
        .fold(u32::from(first) << 24, |mark, byte| mix(mark << 3, byte))
        .wrapping_add(u32::try_from(name.len()).unwrap_or(0))
}

/// What is said of such a member.
pub(crate) fn fault() -> Fault {
    Fault::new(
        FieldCode::DuplicateField,
        "Is given more than once; send it once, in one spelling.",
    )
}

/// Whether a value repeats a member, at any depth.
pub(crate) fn is_within(value: &Value<'_>) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_within),
        Value::Object(object) => {
            !Repeats::of(object).is_empty() || object.iter().any(|(_, value)| is_within(value))
        }
        _ => false,
    }
}

/// Notes each member that a value repeats, at any depth; of a repeated one the first value is
/// looked into.
pub(crate) fn report_within(value: &Value<'_>, path: &dyn Fn() -> String, mistakes: &mut Mistakes) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                report_within(item, &|| item_path(&path(), index), mistakes);
            }
        }
        Value::Object(object) => {
            let repeats = Repeats::of(object);
            judge_members(object, &repeats, path, mistakes, &|_, _, _| Judged::Kept);
        }
        _ => {}
    }
}

/// What a rule says of a member.
pub(crate) enum Judged {
    /// It is judged elsewhere, with all that is in it.
    Elsewhere,
    /// It keeps the rule.
    Kept,
    /// It breaks the rule.
    Broken(Fault),
}

/// Holds the members of an object to a rule, and notes those that are repeated, there and further
/// in: of these the first value is looked into, and not held to the rule.
///
/// The rule is told whether the message of a fault will be listed; if not, any will do.
pub(crate) fn judge_members(
    object: &Members<'_>,
    repeats: &Repeats,
    path: &dyn Fn() -> String,
    mistakes: &mut Mistakes,
    rule: &dyn Fn(&str, &Value<'_>, bool) -> Judged,
) {
    for (index, (name, value)) in object.iter().enumerate() {
        let state = repeats.at(index);
        if state == Member::Again {
            continue;
        }
        let path = || member_path(&path(), name);
        match rule(name, value, !mistakes.is_full()) {
            Judged::Elsewhere => continue,
            _ if state == Member::FirstOfMany => mistakes.note(&path, fault()),
            Judged::Broken(fault) => mistakes.note(&path, fault),
            Judged::Kept => {}
        }
        report_within(value, &path, mistakes);
    }
}
