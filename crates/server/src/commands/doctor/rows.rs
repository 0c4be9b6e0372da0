//! What the rows of the database say: the time, keys that end, deliveries that wait.

use vouchkey_types::api_key::Environment;
use vouchkey_types::date::format_utc;

use super::database::Seen;
use super::{Level, Report};
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::{ReadOnly, StoreError, organizations, outbox, sessions};

/// Organizations that are looked at.
pub(super) const MOST_ORGANIZATIONS: i64 = 1_000;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// How far clocks may be apart before leases and expiries are off.
const CLOCKS_APART: i64 = 5 * SECOND;
/// How long a delivery may wait; the alarm of docs/operations.md.
const LONG_WAIT: i64 = 15 * MINUTE;
/// Keys that end so soon are told.
const SOON: i64 = 14 * DAY;
/// Keys that ended so lately are told.
const LATELY: i64 = 30 * DAY;

/// This machine's clock against the newest session, and against the database's own clock.
pub(super) async fn look_at_clock(
    report: &mut Report,
    database: &mut ReadOnly,
    now: i64,
) -> Result<(), StoreError> {
    let newest = database
        .read(async |conn| {
            let mut newest = None;
            for organization in organizations::oldest(conn, MOST_ORGANIZATIONS).await? {
                for environment in [Environment::Live, Environment::Sandbox] {
                    let found = sessions::newest_at(conn, organization.id, environment).await?;
                    newest = newest.max(found);
                }
            }
            Ok(newest)
        })
        .await?;
    let shown = format_utc(now);
    if let Some(newest) = newest.filter(|newest| *newest > now + CLOCKS_APART) {
        report.problem(
            "clock",
            format!(
                "it says {shown}, but the newest session is of {}: set the clock, best by NTP",
                format_utc(newest)
            ),
        );
        return Ok(());
    }
    match database.now_ms().await? {
        Some(other) if (other - now).abs() > CLOCKS_APART => report.warning(
            "clock",
            format!(
                "it is {} seconds off the database's; set both by NTP",
                (other - now).abs() / SECOND
            ),
        ),
        _ => report.ok("clock", shown),
    }
    Ok(())
}

pub(super) async fn look_at_keys(
    report: &mut Report,
    database: &mut ReadOnly,
    now: i64,
) -> Result<Seen, StoreError> {
    let keys = database
        .read(async |conn| {
            let organizations = organizations::oldest(conn, MOST_ORGANIZATIONS).await?;
            let mut keys = Vec::new();
            for organization in &organizations {
                keys.extend(api_keys::list(conn, organization.id).await?);
            }
            Ok((!organizations.is_empty()).then_some(keys))
        })
        .await?;
    let Some(keys) = keys else {
        report.warning(
            "keys",
            "there is no organization yet; run `vouchkey init --owner EMAIL`",
        );
        return Ok(Seen::default());
    };
    let active =
        |key: &&ApiKeyRow| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now);
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        let Some(end) = key.expires_at else { continue };
        let said = match end - now {
            left if left <= -LATELY || left > SOON => continue,
            left if left <= 0 => "ended",
            _ => "ends",
        };
        report.warning(
            "keys",
            format!(
                "{} ({}, of {}) {said} {}; `vouchkey keys create` makes another one",
                key.id,
                key.environment.as_str(),
                key.organization,
                format_utc(end)
            ),
        );
    }
    let usable = keys.iter().filter(active).count();
    if usable == 0 {
        report.warning("keys", "none can be used; `vouchkey keys create` makes one");
    } else {
        report.ok("keys", format!("{usable} can be used"));
    }
    Ok(Seen {
        has_live_key: keys
            .iter()
            .filter(active)
            .any(|key| key.environment == Environment::Live),
    })
}

pub(super) async fn look_at_outbox(
    report: &mut Report,
    database: &mut ReadOnly,
    now: i64,
) -> Result<(), StoreError> {
    let rows = database
        .read(async |conn| outbox::waiting(conn).await)
        .await?;
    let before = report.0.len();
    for row in &rows {
        let (kind, count, age) = (&row.kind, row.count, now - row.oldest_at);
        if row.state == "dead" {
            report.warning(
                "outbox",
                format!(
                    "{count} of kind {kind} given up, the oldest queued {}; their sessions' pages in the dashboard say why",
                    format_utc(row.oldest_at)
                ),
            );
        } else if age > LONG_WAIT {
            report.warning(
                "outbox",
                format!(
                    "{count} of kind {kind} {}, the oldest for {} minutes; does a server run, and does its mail leave?",
                    row.state,
                    age / MINUTE
                ),
            );
        }
    }
    if report.0.len() == before {
        let waiting: i64 = rows.iter().map(|row| row.count).sum();
        report.add("outbox", Level::Ok, format!("{waiting} waiting"));
    }
    Ok(())
}
