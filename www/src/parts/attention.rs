//! Whether anybody is at the page: what asks by itself must not keep somebody signed in who has left (decision 27).

use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;

use crate::browser;

/// Who has not touched the page for so long has left it.
const AWAY_MS: i64 = 5 * 60 * 1000;

/// Does something whenever somebody may have come back to this tab, as long as the component stands.
pub(crate) fn on_return(act: Box<dyn Fn()>) {
    let act: Rc<dyn Fn()> = Rc::from(act);
    let again = Rc::clone(&act);
    let focus = window_event_listener(ev::focus, move |_| act());
    let look = window_event_listener(ev::visibilitychange, move |_| again());
    on_cleanup(move || {
        focus.remove();
        look.remove();
    });
}

/// Does something whenever the browser has a network again, as long as the component stands.
pub(crate) fn on_network(act: Box<dyn Fn()>) {
    let online = window_event_listener(ev::online, move |_| act());
    on_cleanup(move || online.remove());
}

/// When somebody last did something on the page.
#[derive(Clone, Copy)]
pub(crate) struct Attention(StoredValue<i64>);

impl Attention {
    /// Watches the page from now on.
    pub(crate) fn provide() {
        let last = StoredValue::new(browser::now_ms());
        let note = move || last.set_value(browser::now_ms());
        window_event_listener(ev::pointermove, move |_| note());
        window_event_listener(ev::pointerdown, move |_| note());
        window_event_listener(ev::wheel, move |_| note());
        window_event_listener(ev::keydown, move |_| note());
        window_event_listener(ev::focus, move |_| note());
        provide_context(Self(last));
    }

    pub(crate) fn here() -> Self {
        expect_context()
    }

    pub(crate) fn is_paid(self) -> bool {
        browser::now_ms() - self.0.get_value() < AWAY_MS
    }
}
