//! Serves the dashboard, whose files are part of the program.
//!
//! Without a built dashboard the program still compiles, and says so at `/dashboard/`.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::app::AppState;
use crate::http::ApiError;

/// The only page; the application shows the rest.
const INDEX: &str = "index.html";

/// What the name of a compressed copy ends in.
const COMPRESSED: &str = ".br";

/// Scripts and styles come from files of ours alone. The mailbox shows a mail in a frame.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

#[derive(RustEmbed)]
#[folder = "../../www/dist"]
#[allow_missing = true]
struct Files;

/// The routes of this module.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(async || Redirect::to("/dashboard/")))
        .route("/dashboard", get(async || Redirect::to("/dashboard/")))
        .route(
            "/dashboard/",
            get(async |headers: HeaderMap| serve("", &headers)),
        )
        .route(
            "/dashboard/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| serve(&path, &headers)),
        )
}

fn serve(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    match page_of(path, |path| Files::get(path).is_some()) {
        Some(path) => file(path, headers),
        None => Err(ApiError::not_found("There is no such file.")),
    }
}

/// The file for a path: itself, or for an address of the application its page. The compressed
/// copies have no address of their own.
fn page_of(path: &str, exists: impl Fn(&str) -> bool) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.contains('.') {
        return Some(path).filter(|_| !name.ends_with(COMPRESSED) && exists(path));
    }
    Some(INDEX)
}

fn file(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let plain = Files::get(path)
        .ok_or_else(|| ApiError::not_found("The dashboard is not part of this build."))?;
    let tag = entity_tag(&plain);
    let compressed = if accepts_brotli(headers) {
        Files::get(&format!("{path}{COMPRESSED}"))
    } else {
        None
    };
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(
            compressed
                .as_ref()
                .map_or(plain.data, |file| file.data.clone()),
        )
        .into_response()
    };
    let out = response.headers_mut();
    if compressed.is_some() && !is_known {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    out.insert(header::CONTENT_TYPE, content_type(path));
    out.insert(header::CACHE_CONTROL, cache_control(path));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    out.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    out.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    out.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    out.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    out.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}

/// Weak, since it is the same for the compressed copy.
fn entity_tag(file: &EmbeddedFile) -> String {
    let hash = u128::from_be_bytes(
        *file
            .metadata
            .sha256_hash()
            .first_chunk()
            .unwrap_or(&[0; 16]),
    );
    format!("W/\"{hash:032x}\"")
}

fn content_type(path: &str) -> HeaderValue {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let charset = if kind.type_() == mime_guess::mime::TEXT {
        "; charset=utf-8"
    } else {
        ""
    };
    HeaderValue::from_str(&format!("{}{charset}", kind.essence_str()))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Trunk puts a hash into the name of every file but the page: what has one never changes.
fn cache_control(path: &str) -> HeaderValue {
    let is_hashed = path
        .split(['-', '.', '_'])
        .any(|part| part.len() >= 15 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    HeaderValue::from_static(if is_hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    })
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let offers = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let (coding, quality) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let quality = quality
            .trim()
            .strip_prefix("q=")
            .and_then(|quality| quality.parse::<f32>().ok());
        coding.trim().eq_ignore_ascii_case("br") && quality.is_none_or(|quality| quality > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_application_get_its_page_and_missing_files_nothing() {
        let exists = |path: &str| matches!(path, INDEX | "app-1a.js" | "app-1a.js.br");
        for (path, page) in [
            ("", Some(INDEX)),
            ("sessions/ses_01", Some(INDEX)),
            ("index.html", Some(INDEX)),
            ("app-1a.js", Some("app-1a.js")),
            ("app-1a.js.br", None),
            ("missing.js", None),
            ("sessions/missing.css", None),
        ] {
            assert_eq!(page_of(path, exists), page, "{path}");
        }
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        for (offer, expected) in [
            ("gzip, br", true),
            ("br;q=0.5", true),
            ("BR", true),
            ("br;q=0", false),
            ("gzip", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(offer))]);
            assert_eq!(accepts_brotli(&headers), expected, "{offer}");
        }
    }

    #[test]
    fn only_hashed_names_are_kept_for_good() {
        assert_eq!(
            cache_control("www-1a2b3c4d5e6f7a8b_bg.wasm"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            cache_control("boot-1a2b3c4d5e6f7a8b.js"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(cache_control("index.html"), "no-cache");
        assert_eq!(cache_control("favicon.svg"), "no-cache");
    }
}
