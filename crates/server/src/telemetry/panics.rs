//! Panics in the log, one line each, without what may hold somebody's data.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;

/// Reports panics by the log from here on, in place of the standard library's text on standard error.
pub fn log() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        // As RUST_BACKTRACE says.
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
        tracing::error!(
            place,
            trace,
            said = said(info.payload()),
            "a part of the server panicked"
        );
    }));
}

/// What a panic says, if that was written in the source; what was put together may hold anything.
fn said(payload: &dyn Any) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("[left out: it may hold data]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_source_says_is_repeated() {
        let caught = |text: fn()| panic::catch_unwind(text).unwrap_err();
        assert_eq!(said(&*caught(|| panic!("on purpose"))), "on purpose");
        let formatted = caught(|| panic!("{}", std::hint::black_box(7)));
        assert_eq!(said(&*formatted), "[left out: it may hold data]");
    }
}
