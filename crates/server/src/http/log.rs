//! One line a request. It names the route as a template, never a path, a query, a key or anything
//! that a caller sent but the request id: paths of capture pages are credentials.

use std::time::{Duration, Instant};

use axum::extract::MatchedPath;
use axum::response::Response;
use http::Method;
use tracing::Level;

use super::endpoint::Who;
use super::request_id::RequestId;
use crate::health;

/// The line of a request, which is written when it is answered, or when whoever asked hangs up before.
#[derive(Debug)]
pub struct Line {
    /// The method.
    pub method: Method,
    /// The route as a template, if there is one.
    pub route: Option<MatchedPath>,
    id: RequestId,
    began: Instant,
    is_written: bool,
}

impl Line {
    /// Begins a line.
    pub fn begin(method: &Method, route: Option<&MatchedPath>, id: &RequestId) -> Self {
        Self {
            method: method.clone(),
            route: route.cloned(),
            id: id.clone(),
            began: Instant::now(),
            is_written: false,
        }
    }

    /// The route, or `none`.
    pub fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// The time since its beginning.
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    fn took_ms(&self) -> f64 {
        (self.took().as_secs_f64() * 1e6).round() / 1e3
    }

    /// Writes it.
    pub fn end(mut self, response: &Response) {
        self.is_written = true;
        let (organization, actor) = response
            .extensions()
            .get::<Who>()
            .map(|Who(organization, actor)| (organization.to_string(), actor.to_string()))
            .unzip();
        let status = response.status();
        macro_rules! answered {
            ($level:expr) => {
                tracing::event!(
                    $level,
                    method = %self.method,
                    route = self.route(),
                    status = status.as_u16(),
                    duration_ms = self.took_ms(),
                    request_id = self.id.as_str(),
                    organization,
                    actor,
                    "answered"
                )
            };
        }
        // Balancers ask several times a second, and what is as it should be is no news.
        if status.is_success() && health::ROUTES.contains(&self.route()) {
            answered!(Level::DEBUG);
        } else {
            answered!(Level::INFO);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_written {
            tracing::info!(
                method = %self.method,
                route = self.route(),
                duration_ms = self.took_ms(),
                request_id = self.id.as_str(),
                "the client hung up before it was answered"
            );
        }
    }
}
