//! The server: from settings to a graceful stop.

use std::io::Write as _;
use std::net::SocketAddr;

use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use vouchkey_types::api_key::Environment;

use super::address_file::AddressFile;
use super::installation::Installation;
use super::{CommandError, complain, warn_of_unknown_variables};
use crate::app::{self, Foundation};
use crate::config::{Config, Flags, PublicUrl};
use crate::http::listen::Lanes;
use crate::store::{Engine, OneServer, api_keys, organizations};
use crate::telemetry;

/// Organizations that are looked at for live keys.
const MOST_ORGANIZATIONS: i64 = 100;

pub(super) async fn serve(flags: &Flags) -> Result<(), CommandError> {
    // Where settings cannot be read there is no log, and a name typed wrongly may be why.
    let config = Config::load(flags).inspect_err(|_| warn_of_unknown_variables())?;
    let telemetry =
        telemetry::start(config.telemetry.otlp_endpoint.as_ref()).map_err(CommandError::Failed)?;
    warn_of_unknown_variables();
    telemetry::panics::log();
    let installation = Installation::with(config).await?;
    let mut address = AddressFile::hold(&installation.config.data.folder).await?;
    let only = OneServer::take(&installation.config.database, &installation.config.data)?;
    let asked = installation.config.http.listen;
    let listener = TcpListener::bind(asked)
        .await
        .map_err(|error| CommandError::Failed(format!("cannot listen on {asked}: {error}")))?;
    let bound = listener.local_addr()?;
    let metrics = match installation.config.telemetry.metrics_listen {
        Some(asked) => Some(listen_for_metrics(asked).await?),
        None => None,
    };
    let public_url = public_url(&installation, bound);
    if public_url.is_loopback() && has_live_key(&installation).await? {
        complain(&format!(
            "warning: there are live keys, but links begin with {public_url}, which only this machine reaches; set VOUCHKEY_PUBLIC_URL"
        ));
    }
    if installation
        .store
        .read(async |conn| organizations::oldest(conn, 1).await)
        .await?
        .is_empty()
    {
        complain("note: this is a new installation; set it up with: vouchkey init --owner EMAIL");
    }
    address.tell(&public_url, bound)?;

    let lanes = Lanes::for_all_cores().map_err(|error| {
        CommandError::Failed(format!("cannot start a thread for each core: {error}"))
    })?;
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    let engine = match installation.store.engine() {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    };
    let app = app::build(Foundation {
        config: installation.config,
        public_url,
        store: installation.store,
        vault: installation.vault,
        secrets: installation.secrets,
        clock: installation.clock,
    });
    announce(bound)?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, engine, address = %bound, "started");
    tell_systemd(&[NotifyState::Ready]);
    app.run(listener, metrics, lanes, stop).await;
    drop((address, only));
    tracing::info!("stopped");
    telemetry.stop().await;
    Ok(())
}

/// The listener of `/metrics`, told to the operator.
async fn listen_for_metrics(asked: SocketAddr) -> Result<TcpListener, CommandError> {
    let listener = TcpListener::bind(asked).await.map_err(|error| {
        CommandError::Failed(format!("cannot listen on {asked} for metrics: {error}"))
    })?;
    let bound = listener.local_addr()?;
    complain(&format!("metrics are at http://{bound}/metrics"));
    if !bound.ip().is_loopback() {
        complain("note: whoever reaches that address can read the metrics");
    }
    Ok(listener)
}

async fn has_live_key(installation: &Installation) -> Result<bool, CommandError> {
    let keys = installation.store.read(async |conn| {
        let mut keys = Vec::new();
        for organization in organizations::oldest(conn, MOST_ORGANIZATIONS).await? {
            keys.extend(api_keys::list(conn, organization.id).await?);
        }
        Ok(keys)
    });
    Ok(keys
        .await?
        .iter()
        .any(|key| key.environment == Environment::Live && key.revoked_at.is_none()))
}

/// What links begin with, told to the operator; with a warning where they will not work for others.
fn public_url(installation: &Installation, bound: SocketAddr) -> PublicUrl {
    let configured = installation.config.http.public_url.clone();
    if configured.is_none() && bound.ip().is_unspecified() {
        complain(
            "warning: listening on all addresses, but links name 127.0.0.1; set VOUCHKEY_PUBLIC_URL to the address that others use",
        );
    }
    let url = configured.unwrap_or_else(|| PublicUrl::of_bound(bound));
    complain(&format!("links will look like {url}/verify/…"));
    url
}

/// The one line on standard output, once requests are accepted.
fn announce(bound: SocketAddr) -> Result<(), CommandError> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{bound}")?;
    out.flush()?;
    Ok(())
}

/// Tells systemd, where it started this program as a service of `Type=notify` (`sd_notify(3)`).
fn tell_systemd(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// The first signal stops gracefully, the second at once.
fn stop_on_signals(stop: CancellationToken) -> Result<(), CommandError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.is_cancelled() {
                telemetry::end_log();
                std::process::exit(1);
            }
            tell_systemd(&[NotifyState::Stopping]);
            complain("stopping: requests that are running are finished");
            stop.cancel();
        }
    });
    Ok(())
}
