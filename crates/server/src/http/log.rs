//! One line a request. It names the route as a template, never a path, a query, a key or anything
//! that a caller sent but the request id: paths of capture pages are credentials.

use std::time::Duration;

use axum::extract::MatchedPath;
use axum::response::Response;
use http::Method;

use super::endpoint::Who;
use super::request_id::RequestId;

/// What is known of a request before it is answered.
#[derive(Debug)]
pub struct Line {
    /// The method.
    pub method: Method,
    /// The route as a template, if there is one.
    pub route: Option<MatchedPath>,
}

impl Line {
    /// Begins a line.
    pub fn begin(method: &Method, route: Option<&MatchedPath>) -> Self {
        Self {
            method: method.clone(),
            route: route.cloned(),
        }
    }

    /// Writes it.
    pub fn end(self, response: &Response, id: &RequestId, took: Duration) {
        let (organization, actor) = response
            .extensions()
            .get::<Who>()
            .map(|Who(organization, actor)| (organization.to_string(), actor.to_string()))
            .unzip();
        tracing::info!(
            method = %self.method,
            route = self.route.as_ref().map_or("none", MatchedPath::as_str),
            status = response.status().as_u16(),
            duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3,
            request_id = id.as_str(),
            organization,
            actor,
            "answered"
        );
    }
}
