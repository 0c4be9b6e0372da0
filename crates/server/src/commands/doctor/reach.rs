//! What others reach, and what the server reaches: links, mail, and the server itself.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Report;
use super::database::Seen;
use crate::commands::address_file::{self, Running};
use crate::config::{Config, MailConfig, PublicUrl};
use crate::invitations::Failure;

/// For an SMTP server's greeting, TLS and sign-in.
const MAIL_PATIENCE: Duration = Duration::from_secs(15);
/// For a server on this machine.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn look(report: &mut Report, config: &Config, seen: &Seen) {
    let running = address_file::running(&config.data.folder);
    judge_links(report, config, running.as_ref(), seen);
    look_at_mail(report, config, seen).await;
    look_at_server(report, config, running.as_ref()).await;
}

fn judge_links(report: &mut Report, config: &Config, running: Option<&Running>, seen: &Seen) {
    let configured = config.http.public_url.as_ref();
    let url = configured
        .or(running.map(|server| &server.public_url))
        .cloned()
        .unwrap_or_else(|| PublicUrl::of_bound(config.http.listen));
    if url.is_loopback() && config.http.listen.ip().is_unspecified() {
        report.warning(
            "public_url",
            format!(
                "the server listens on all addresses, but links begin with {url}; set VOUCHKEY_PUBLIC_URL to the address that others use"
            ),
        );
    } else if url.is_loopback() && seen.has_live_key {
        report.warning(
            "public_url",
            format!(
                "there are live keys, but links begin with {url}, which only this machine reaches; set VOUCHKEY_PUBLIC_URL"
            ),
        );
    } else if !url.is_loopback() && !url.is_https() {
        report.warning(
            "public_url",
            format!(
                "links begin with {url}, without TLS: others on the way read them, and nobody can sign in; put TLS in front and set VOUCHKEY_PUBLIC_URL"
            ),
        );
    } else {
        report.ok("public_url", format!("links begin with {url}"));
    }
}

/// Connects and signs in. No mail is sent.
async fn look_at_mail(report: &mut Report, config: &Config, seen: &Seen) {
    let smtp = match &config.mail {
        MailConfig::Smtp { server, .. } => server,
        MailConfig::Mailbox { .. } => {
            let landing = "invitations land in the mailbox of the dashboard";
            if seen.has_live_key {
                report.warning(
                    "mail",
                    format!("{landing}, though there are live keys; set VOUCHKEY_SMTP_URL for mail to leave"),
                );
            } else {
                report.ok("mail", landing);
            }
            return;
        }
    };
    let server = smtp.server();
    let probe = timeout(MAIL_PATIENCE, smtp.probe()).await;
    match probe.unwrap_or(Err(Failure::Unreachable)) {
        Ok(()) => report.ok("mail", format!("{server} takes mail")),
        Err(failure) => {
            let remedy = failure.remedy().unwrap_or("it took no mail");
            report.problem("mail", format!("{server} ({}): {remedy}", failure.as_str()));
        }
    }
}

async fn look_at_server(report: &mut Report, config: &Config, running: Option<&Running>) {
    let listen = config.http.listen;
    let Some(running) = running else {
        return look_for_a_stranger(report, listen).await;
    };
    let (address, is_told) = match running.listens {
        Some(listens) => (Some(listens), true),
        None => (guessed(listen, &running.public_url), false),
    };
    let Some(address) = address.map(reached) else {
        return report.warning(
            "server",
            format!(
                "runs, but does not say where it listens; ask {}/readyz whether it is ready",
                running.public_url
            ),
        );
    };
    match heard_at(address).await {
        Heard::Status(StatusCode::OK) => {
            report.ok("server", format!("runs, and is ready at {address}"));
        }
        Heard::Status(status) => report.problem(
            "server",
            format!(
                "runs, but answers {} to /readyz at {address}; its log says why",
                status.as_u16()
            ),
        ),
        _ if is_told => report.problem(
            "server",
            format!("runs, but does not answer at {address}, where it listens; its log may say why"),
        ),
        _ => report.warning(
            "server",
            format!(
                "runs, but does not say where it listens, and nothing answers at {address}; name its address by --listen"
            ),
        ),
    }
}

/// Where no server runs on the data folder, its address should be free.
async fn look_for_a_stranger(report: &mut Report, listen: SocketAddr) {
    if listen.port() == 0 || heard_at(reached(listen)).await == Heard::Nobody {
        return report.ok("server", "none runs on this data folder");
    }
    report.warning(
        "server",
        format!(
            "none runs on this data folder, but something else listens at {}: `vouchkey serve` cannot",
            reached(listen)
        ),
    );
}

/// Where a server probably listens that does not say so: where its links lead on this machine, or where the settings
/// tell it to.
fn guessed(listen: SocketAddr, public_url: &PublicUrl) -> Option<SocketAddr> {
    let linked = public_url.as_str().strip_prefix("http://");
    linked
        .and_then(|address| address.parse().ok())
        .or((listen.port() != 0).then_some(listen))
}

/// Where what is bound to this address is reached from this machine.
fn reached(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    };
    SocketAddr::new(ip, bound.port())
}

async fn heard_at(address: SocketAddr) -> Heard {
    timeout(PATIENCE, ask(address))
        .await
        .unwrap_or(Heard::Something)
}

/// What comes back from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Nobody listens there.
    Nobody,
    /// Somebody listens, but does not speak HTTP, or not in time.
    Something,
    /// The answer to `/readyz`.
    Status(StatusCode),
}

async fn ask(address: SocketAddr) -> Heard {
    let Ok(stream) = TcpStream::connect(address).await else {
        return Heard::Nobody;
    };
    let answer = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(connection);
        let request = Request::get("/readyz")
            .header(HOST, address.to_string())
            .body(Empty::<Bytes>::new())
            .ok()?;
        let answer = sender.send_request(request).await;
        connection.abort();
        Some(answer.ok()?.status())
    };
    answer.await.map_or(Heard::Something, Heard::Status)
}
