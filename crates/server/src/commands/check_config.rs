//! What would run, secrets hidden.

use super::CommandError;
use crate::config::{Config, Flags};

pub(super) fn check(flags: &Flags) -> Result<String, CommandError> {
    let lines = Config::given(flags)?
        .into_iter()
        .map(|given| format!("{:<23} {}  ({})", given.name, given.value, given.place));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
