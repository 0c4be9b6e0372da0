//! The hosted pages themselves: words, markup and headers. One column, no script, nothing from another host.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use vouchkey_types::date::format_utc;

use super::accent::{Accent, Button};
use super::look_up::Trouble;
use crate::invitations::words;

/// The style sheet stands in the page, so that one request shows it, also over a bad connection.
const STYLE: &str = include_str!("../../templates/capture/page.css");
/// By its digest alone the policy lets it apply.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(STYLE.as_bytes()))
    )
});

/// Who asks, and how they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asker {
    /// By the three steps of the invitation.
    pub(super) brand: String,
    /// The organization's legal name, always shown.
    pub(super) organization: String,
    /// Where the applicant gets help.
    pub(super) support_url: Option<String>,
    /// The organization's colour, `#rrggbb`.
    pub(super) accent_colour: Option<String>,
    /// The origins that may embed the page.
    pub(super) embed_origins: Vec<String>,
    /// Whether the session belongs to the sandbox.
    pub(super) sandbox: bool,
}

/// What a capture URL shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The link works until `expires_at` (Unix milliseconds).
    Pending {
        /// When it stops working.
        expires_at: i64,
    },
    /// *Start* was pressed; nothing has changed.
    Started {
        /// When it stops working.
        expires_at: i64,
    },
    /// The applicant is done, whatever the outcome: it is not ours to tell.
    Finished,
    /// The time is over.
    Expired,
    /// A newer link took its place.
    Revoked,
    /// Another device goes on with it.
    Used,
}

impl Standing {
    /// The status of the answer (decision 12).
    fn status(self) -> StatusCode {
        match self {
            Self::Pending { .. } | Self::Started { .. } | Self::Finished => StatusCode::OK,
            Self::Expired | Self::Revoked | Self::Used => StatusCode::GONE,
        }
    }
}

/// What all pages share.
#[derive(Default)]
struct Frame<'a> {
    style: &'static str,
    brand_css: Option<String>,
    sandbox: bool,
    who: Option<Who<'a>>,
    support_url: Option<&'a str>,
}

struct Who<'a> {
    brand: &'a str,
    organization: &'a str,
}

#[derive(Template)]
#[template(path = "capture/pending.html")]
struct Pending<'a> {
    frame: Frame<'a>,
    organization: &'a str,
    until: String,
    left: String,
    until_utc: String,
    start: String,
}

#[derive(Template)]
#[template(path = "capture/notice.html")]
struct Notice<'a> {
    frame: Frame<'a>,
    title: &'a str,
    text: &'a str,
    recovery: bool,
}

/// The page of a link that exists, at a Unix time in milliseconds. `token` is the one in the address, already found to
/// be sound.
pub(super) fn known(token: &str, asker: &Asker, standing: Standing, now: i64) -> Response {
    let frame = Frame {
        style: STYLE,
        brand_css: asker
            .accent_colour
            .is_some()
            .then(|| format!("/verify/{token}/brand.css")),
        sandbox: asker.sandbox,
        who: Some(Who {
            brand: &asker.brand,
            organization: &asker.organization,
        }),
        support_url: asker.support_url.as_deref(),
    };
    let page = match standing {
        Standing::Pending { expires_at } => Pending {
            frame,
            organization: &asker.organization,
            until: words::moment(expires_at),
            left: words::span(expires_at - now),
            until_utc: format_utc(expires_at),
            start: format!("/verify/{token}/start"),
        }
        .render(),
        Standing::Started { expires_at } => Notice {
            frame,
            title: "The next steps are not part of this version yet",
            text: &format!(
                "Documents and photos cannot be taken here so far. Nothing was collected, and your link keeps working \
                 until {}.",
                words::moment(expires_at)
            ),
            recovery: false,
        }
        .render(),
        Standing::Finished => Notice {
            frame,
            title: "You are done",
            text: &format!(
                "There is nothing more to do here. {} will get back to you. You can close this page.",
                asker.organization
            ),
            recovery: false,
        }
        .render(),
        Standing::Expired => Notice {
            frame,
            title: "This link has expired",
            text: "For your safety, links work for a limited time.",
            recovery: true,
        }
        .render(),
        Standing::Revoked => Notice {
            frame,
            title: "This link no longer works",
            text: "A newer one may have taken its place: use the link that you got last.",
            recovery: true,
        }
        .render(),
        Standing::Used => Notice {
            frame,
            title: "Already started elsewhere",
            text: "This verification is in progress on another device or in another browser. Go on there.",
            recovery: true,
        }
        .render(),
    };
    answer(standing.status(), page, &asker.embed_origins)
}

/// The page of a token that leads nowhere. It tells nothing apart.
pub(super) fn unknown() -> Response {
    let page = Notice::bare(
        "This link does not exist",
        "Check that the whole address was copied, or open it from the message once more.",
        true,
    );
    answer(StatusCode::NOT_FOUND, page, &[])
}

/// The page of an address that is asked in a way that it does not take.
pub(super) fn wrong_method() -> Response {
    let page = Notice::bare(
        "This does not work here",
        "Open the link itself, as it stands in the message, in your browser.",
        true,
    );
    answer(StatusCode::METHOD_NOT_ALLOWED, page, &[])
}

/// The way to a link's page, by its path as it was sent.
pub(super) fn to_link(path: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    guard(&mut response, &[]);
    response
}

/// The page while the server cannot say: nothing is lost, the link keeps working.
pub(super) fn trouble(trouble: Trouble) -> Response {
    let Trouble::Passing = trouble else {
        let page = Notice::bare(
            "Something went wrong on our side",
            "Please try again later.",
            true,
        );
        return answer(StatusCode::INTERNAL_SERVER_ERROR, page, &[]);
    };
    let page = Notice::bare(
        "Please try again in a moment",
        "The server is busy. Your link keeps working.",
        false,
    );
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, page, &[]);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The organization's colour as a style sheet of its own, since the policy allows no inline one that differs by link.
pub(super) fn brand_css(asker: &Asker) -> Response {
    let Accent { light, dark } = Accent::of(asker.accent_colour.as_deref());
    let colours = |button: Button| {
        let Button { ground, ink, edge } = button;
        format!(":root{{--button:{ground};--on-button:{ink};--edge:{edge}}}")
    };
    let css = format!(
        "{}@media(prefers-color-scheme:dark){{{}}}",
        colours(light),
        colours(dark)
    );
    let mut response = ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response();
    guard(&mut response, &[]);
    response
}

impl<'a> Notice<'a> {
    fn bare(title: &'a str, text: &'a str, recovery: bool) -> askama::Result<String> {
        Self {
            frame: Frame {
                style: STYLE,
                ..Frame::default()
            },
            title,
            text,
            recovery,
        }
        .render()
    }
}

fn answer(status: StatusCode, page: askama::Result<String>, embed_origins: &[String]) -> Response {
    let mut response = match page {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a hosted page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    guard(&mut response, embed_origins);
    response
}

/// What every answer under `/verify` carries: the address is a secret, and the page may be framed only where the
/// organization says so.
fn guard(response: &mut Response, embed_origins: &[String]) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "x-robots-tag",
        HeaderValue::from_static("noindex, nofollow"),
    );
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    );
    let style = STYLE_SOURCE.as_str();
    let policy = format!(
        "default-src 'none'; style-src 'self' {style}; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors {}",
        frame_ancestors(embed_origins)
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The organization's list, or nobody. An entry that could end the directive is left out.
fn frame_ancestors(origins: &[String]) -> String {
    let sound = |origin: &&String| {
        !origin.is_empty()
            && origin
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":/.-[]".contains(&byte))
    };
    let list: Vec<&str> = origins.iter().filter(sound).map(String::as_str).collect();
    if list.is_empty() {
        "'none'".to_owned()
    } else {
        list.join(" ")
    }
}
