//! Another root key, while servers run.

use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::CommandError;
use super::arguments::RotateRootArguments;
use super::installation::Installation;
use crate::config::RootKeySource;
use crate::vault::{Older, Retired, Rotated};

pub(super) async fn rotate(
    installation: &Installation,
    arguments: &RotateRootArguments,
) -> Result<String, CommandError> {
    let (vault, store) = (&installation.vault, &installation.store);
    let clock = &installation.clock;
    let (words, json) = if arguments.prepare {
        let id = vault.prepare(store, clock).await?;
        let words = format!(
            "{id} is in the list and seals nothing yet. Copy the file to every machine that has one of its own, then \
             run this command without --prepare."
        );
        (words, object! { "prepared": id })
    } else if arguments.retire {
        let retired = vault.retire(store, clock).await?;
        let json =
            object! { "active": retired.active.as_str(), "retired": retired.retired.clone() };
        (words_of_retired(&retired), json)
    } else {
        let rotated = vault.rotate(store, clock).await?;
        let older = rotated
            .older
            .iter()
            .map(|older| Json::from(object! { "id": older.id.as_str(), "rows": older.rows }));
        let json = object! {
            "active": rotated.active.as_str(),
            "resumed": rotated.is_resumed,
            "data_keys": rotated.data_keys,
            "secrets": rotated.secrets,
            "older": Json::Array(older.collect()),
        };
        (words_of_rotated(installation, &rotated), json)
    };
    store.close().await;
    Ok(if arguments.json {
        Json::from(json).to_text()
    } else {
        words
    })
}

fn words_of_rotated(installation: &Installation, rotated: &Rotated) -> String {
    let mut lines = Vec::new();
    if rotated.is_resumed {
        lines.push(
            "An earlier rotation is finished; run the command again for a new key.".to_owned(),
        );
    }
    lines.push(format!(
        "{} is the active root key. {} data keys and {} secrets of the server were sealed with it anew.",
        rotated.active, rotated.data_keys, rotated.secrets
    ));
    for Older { id, rows } in &rotated.older {
        lines.push(format!("Rows that still name {id}: {rows}."));
    }
    if rotated.older.iter().any(|older| older.rows > 0) {
        lines.push(
            "A server that has not read the new list yet may have written them: run the command again. If the number \
             stays, the log names what cannot be opened."
                .to_owned(),
        );
    } else if !rotated.older.is_empty() {
        lines.push(
            "Next: `vouchkey keys rotate-root --retire` takes the older keys out of use."
                .to_owned(),
        );
    }
    if let RootKeySource::File(file) = &installation.config.root_key {
        lines.push(format!(
            "Keep a copy of {}, where the database's copies are not.",
            file.display()
        ));
    }
    lines.join("\n")
}

fn words_of_retired(retired: &Retired) -> String {
    let mut lines = vec![match retired.retired.as_slice() {
        [] => format!("No root key is in use but {}.", retired.active),
        ids => format!(
            "{} is retired; {} seals everything.",
            ids.join(", "),
            retired.active
        ),
    }];
    if retired.is_list_unchanged {
        lines.push(format!(
            "Set VOUCHKEY_ROOT_KEY to {} alone for every server, and restart each.",
            retired.active
        ));
    }
    lines.push(
        "Keep the older keys as long as you keep backups of the database from their time."
            .to_owned(),
    );
    lines.join("\n")
}
