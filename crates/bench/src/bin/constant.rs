//! `constant FILE`: answers whatever session is asked for with the JSON in a file. What that costs, no server made of the
//! same libraries can be quicker than.

use std::path::PathBuf;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;
use vouchkey_bench::Failure;

#[derive(Parser)]
struct Arguments {
    /// The answer.
    answer: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let answer: &'static str = std::fs::read_to_string(arguments.answer)?.leak();
    let routes = Router::new().route(
        "/api/v1/sessions/{id}",
        get(move || async move { ([(CONTENT_TYPE, "application/json")], answer) }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|connection| {
        // As the server does; it costs time only, if it fails.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, routes).await?;
    Ok(())
}
