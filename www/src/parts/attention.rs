//! Whether anybody is at the page: what asks by itself must not keep somebody signed in who has left (decision 27).

use std::rc::Rc;

use leptos::ev;
use leptos::ev::PointerEvent;
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

/// What somebody does on the page.
#[derive(Clone, Copy)]
pub(crate) struct Attention {
    last_ms: StoredValue<i64>,
    is_pressing: StoredValue<bool>,
}

impl Attention {
    /// Watches the page from now on.
    pub(crate) fn provide() {
        let last_ms = StoredValue::new(browser::now_ms());
        let is_pressing = StoredValue::new(false);
        let note = move || last_ms.set_value(browser::now_ms());
        let point = move |event: PointerEvent| {
            note();
            is_pressing.set_value(event.buttons() != 0);
        };
        window_event_listener(ev::pointermove, point);
        window_event_listener(ev::pointerdown, point);
        window_event_listener(ev::pointerup, point);
        window_event_listener(ev::wheel, move |_| note());
        window_event_listener(ev::keydown, move |_| note());
        window_event_listener(ev::focus, move |_| note());
        provide_context(Self {
            last_ms,
            is_pressing,
        });
    }

    pub(crate) fn here() -> Self {
        expect_context()
    }

    pub(crate) fn is_paid(self) -> bool {
        browser::now_ms() - self.last_ms.get_value() < AWAY_MS
    }

    /// Whether a button is down: what moves now is not what somebody meant to click.
    pub(crate) fn is_pressing(self) -> bool {
        self.is_pressing.get_value()
    }
}
