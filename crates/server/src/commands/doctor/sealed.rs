//! Whether what was sealed last can be opened: each value is tried, and none is shown.

use vouchkey_types::api_key::Environment;

use super::Report;
use super::rows::MOST_ORGANIZATIONS;
use crate::sessions::sealed::{Field, SessionKey};
use crate::store::data_keys::DataKeyRow;
use crate::store::sealed_sample::{self, SealedMessage};
use crate::store::sessions::SealedFields;
use crate::store::{ReadOnly, StoreError, organizations};
use crate::vault::Vault;

/// Sessions, and as many kept messages, that are tried of each environment of an organization: the newest.
const OF_EACH: i64 = 20;
/// Rows that are tried in all.
const MOST_ROWS: usize = 4_000;
/// Rows that are named.
const MOST_NAMED: usize = 10;

/// What was tried, and what of it cannot be opened.
#[derive(Debug, Default)]
struct Tried {
    rows: usize,
    /// A row each: its table and id, and the columns.
    faults: Vec<String>,
}

impl Tried {
    fn note(&mut self, row: &str, columns: &[&str]) {
        self.rows += 1;
        if !columns.is_empty() {
            self.faults.push(format!("{row} ({})", columns.join(", ")));
        }
    }

    fn is_enough(&self) -> bool {
        self.rows >= MOST_ROWS
    }
}

pub(super) async fn look(
    report: &mut Report,
    database: &mut ReadOnly,
    vault: &Vault,
) -> Result<(), StoreError> {
    let tried = database.read(async |conn| {
        let mut tried = Tried::default();
        for organization in organizations::oldest(conn, MOST_ORGANIZATIONS).await? {
            for environment in [Environment::Live, Environment::Sandbox] {
                if tried.is_enough() {
                    return Ok(tried);
                }
                let id = organization.id;
                for row in sealed_sample::sessions(conn, id, environment, OF_EACH).await? {
                    let columns = match &row.sealed {
                        Some((values, key)) => closed_fields(vault, values, key.as_ref()),
                        None => vec!["no sealed values"],
                    };
                    tried.note(&format!("session {}", row.session), &columns);
                }
                for row in sealed_sample::messages(conn, id, environment, OF_EACH).await? {
                    let columns = match &row.sealed {
                        Some((message, key)) => closed_message(vault, message, key.as_ref()),
                        None => vec!["no sealed values"],
                    };
                    tried.note(&format!("a message of session {}", row.session), &columns);
                }
            }
        }
        Ok(tried)
    });
    tell(report, &tried.await?);
    Ok(())
}

/// The columns of a session that cannot be opened.
fn closed_fields(
    vault: &Vault,
    values: &SealedFields,
    key: Option<&DataKeyRow>,
) -> Vec<&'static str> {
    let values = [
        (Field::Metadata, &values.metadata),
        (Field::Prefill, &values.prefill),
        (Field::ApplicantEmail, &values.applicant_email),
        (Field::ApplicantName, &values.applicant_name),
        (Field::EmailDisplayName, &values.email_display_name),
        (Field::SupportUrl, &values.support_url),
        (Field::RedirectUrl, &values.redirect_url),
    ];
    let values: Vec<(Field, &[u8])> = values
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_deref()?)))
        .collect();
    let key = match opened(vault, key) {
        Ok(key) => key,
        Err(column) => return vec![column],
    };
    values
        .into_iter()
        .filter(|(field, value)| {
            key.as_ref()
                .is_some_and(|key| key.unseal(*field, value).is_err())
        })
        .map(|(field, _)| field.column().1)
        .collect()
}

fn closed_message(
    vault: &Vault,
    (id, message): &SealedMessage,
    key: Option<&DataKeyRow>,
) -> Vec<&'static str> {
    match opened(vault, key) {
        Ok(Some(key)) if key.unseal_message(*id, message).is_err() => {
            vec![Field::Message.column().1]
        }
        Ok(_) => Vec::new(),
        Err(column) => vec![column],
    }
}

/// A session's key; none once it was destroyed, and nothing has to open any more.
///
/// # Errors
/// What is wrong with it.
fn opened(vault: &Vault, key: Option<&DataKeyRow>) -> Result<Option<SessionKey>, &'static str> {
    let key = key.ok_or("no data key")?;
    SessionKey::open(vault, key).map_err(|_| "key_wrapped")
}

fn tell(report: &mut Report, tried: &Tried) {
    let (all, closed) = (tried.rows, tried.faults.len());
    if closed == 0 {
        let message = match all {
            0 => "nothing is sealed yet".to_owned(),
            _ => format!("what is sealed in the newest rows opens; {all} were tried"),
        };
        return report.ok("sealed", message);
    }
    let mut rows = tried.faults.clone();
    if closed > MOST_NAMED {
        rows.truncate(MOST_NAMED);
        rows.push(format!("and {} more", closed - MOST_NAMED));
    }
    let rows = rows.join("; ");
    report.problem(
        "sealed",
        format!(
            "{closed} of the {all} newest rows hold what no key opens, so that it was changed or moved: {rows}; keep a copy \
             of the database, and restore a backup from before"
        ),
    );
}
