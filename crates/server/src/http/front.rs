//! What surrounds the routes: an address is brought to one spelling before it is routed, and an answer is written when all
//! is known of it, so also which methods its address takes.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri, header};
use tower::ServiceExt as _;
use vouchkey_types::problem::ErrorCode;

use super::answer::{self, Document};
use super::body::Drained;

/// Puts all routes of the server behind the front.
pub fn before(routes: Router) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(pass(routes, request).await) }
    }))
}

async fn pass(routes: Router, mut request: Request) -> Response {
    if let Some(plain) = in_plain(request.uri()) {
        *request.uri_mut() = plain;
    }
    let (parts, body) = request.into_parts();
    let (body, sender) = Drained::announced(body, &parts.headers);
    let Ok(mut response) = routes.oneshot(Request::from_parts(parts, body)).await;
    name_methods(&mut response);
    sender.tell(answer::write(response))
}

/// An address without needless percent-encodings, which means the same (RFC 3986 6.2.2.2): those of unreserved characters.
/// None if it has none of them.
fn in_plain(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let octet = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .map(char::from)
            .filter(|octet| octet.is_ascii_alphanumeric() || "-._~".contains(*octet));
        rest = if let Some(octet) = octet {
            plain.push(octet);
            after.get(2..).unwrap_or_default()
        } else {
            plain.push('%');
            after
        };
    }
    if plain.len() + rest.len() == path.len() {
        return None;
    }
    plain.push_str(rest);
    if let Some(query) = uri.query() {
        plain.push('?');
        plain.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

/// Says in the words of a 405 what its header says; only here is it there.
fn name_methods(response: &mut Response) {
    let Some(methods) = methods(response.headers()) else {
        return;
    };
    if let Some(Document::Problem(problem)) = response.extensions_mut().get_mut()
        && problem.error == ErrorCode::MethodNotAllowed
    {
        problem.detail = format!("This address does not take this method, but {methods}.");
    }
}

fn methods(headers: &HeaderMap) -> Option<String> {
    let allowed = headers.get(header::ALLOW).map(HeaderValue::to_str)?.ok()?;
    Some(allowed.replace(',', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needlessly_encoded_is_decoded_and_nothing_else() {
        for (sent, plain) in [
            ("/api/v1/%73essions?q=%41", Some("/api/v1/sessions?q=%41")),
            ("/s/ses%5F01%2d%2E%7E%5f", Some("/s/ses_01-.~_")),
            ("/a%2Fb%41", Some("/a%2FbA")),
            ("/%2541", None),
            ("/a%2Fb%20%00%ff%", None),
            ("/%4", None),
            ("/%+41%zz", None),
            ("/%é1", None),
            ("/plain?q=%41", None),
            ("*", None),
        ] {
            let plain = plain.map(|plain| plain.parse::<Uri>().unwrap());
            assert_eq!(in_plain(&sent.parse().unwrap()), plain, "{sent}");
        }
    }
}
