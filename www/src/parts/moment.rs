//! Times: in words or in the reader's own zone, with UTC on hover.

use std::time::Duration;

use leptos::prelude::*;

use crate::model::Moment;
use crate::{browser, words};

/// The present, which moves on every few seconds.
#[derive(Clone, Copy)]
pub(crate) struct Now(RwSignal<i64>);

impl Now {
    pub(crate) fn provide() {
        let now = RwSignal::new(browser::now_ms());
        set_interval(move || now.set(browser::now_ms()), Duration::from_secs(5));
        provide_context(Self(now));
    }

    #[expect(
        clippy::expect_used,
        reason = "the application provides it before any page"
    )]
    pub(crate) fn here() -> Self {
        use_context().expect("the present")
    }

    pub(crate) fn get(self) -> i64 {
        self.0.get()
    }
}

/// On paper nothing moves on, and nothing can be hovered over: there the time stands as it is, with its zone.
#[component]
fn Shown(ms: i64, children: Children) -> impl IntoView {
    view! {
        <span class="on-screen">{children()}</span>
        <span class="on-paper">{browser::local_time(ms, "long")}</span>
    }
}

fn on_hover(moment: &Moment) -> String {
    moment.utc.replace('T', " ").replace('Z', " UTC")
}

/// How long ago, for lists.
#[component]
pub(crate) fn Ago(moment: Moment) -> impl IntoView {
    let now = Now::here();
    let title = on_hover(&moment);
    let Moment { utc, ms } = moment;
    let words =
        move || words::ago(ms, now.get()).unwrap_or_else(|| browser::local_time(ms, "short"));
    view! { <time class="figures" datetime=utc title=title><Shown ms>{words}</Shown></time> }
}

/// The time itself, for pages.
#[component]
pub(crate) fn At(
    moment: Moment,
    /// Names the zone as well.
    #[prop(optional)]
    has_zone: bool,
) -> impl IntoView {
    let title = on_hover(&moment);
    let Moment { utc, ms } = moment;
    let words = browser::local_time(ms, if has_zone { "long" } else { "medium" });
    view! { <time class="figures" datetime=utc title=title><Shown ms>{words}</Shown></time> }
}

/// How soon something expires; amber in its last hour.
#[component]
pub(crate) fn Expiry(moment: Moment) -> impl IntoView {
    let now = Now::here();
    let title = on_hover(&moment);
    let Moment { utc, ms } = moment;
    let left = Memo::new(move |_| words::remaining(ms, now.get()));
    view! {
        <time
            class="figures"
            class:is-close=move || left.read().is_close
            datetime=utc
            title=title
        >
            <Shown ms>{move || left.read().words.clone()}</Shown>
        </time>
    }
}
