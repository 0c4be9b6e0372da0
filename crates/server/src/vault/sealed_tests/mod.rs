//! Every kind of sealed value in every table: changed, moved and swapped as somebody could who writes the database, and
//! read through the real paths. Which kinds there are, the schema says.

mod house;

use std::collections::BTreeSet;

use sqlx::Row as _;

use vouchkey_types::id::SessionId;
use vouchkey_types::json::Json;

use super::*;
use crate::outbox::keep_due;
use crate::store::Engine;
use crate::store::fixtures::apply;
use crate::test_bed::Bed;
use house::{
    Column, DATA_KEY, DIGESTS, House, KEY, OF_A_SESSION, OF_THE_SERVER, READERS, Reader, column,
    place,
};

/// One bit of the version, of the nonce, of the text and of the tag.
fn flips(sealed: &[u8]) -> Vec<Vec<u8>> {
    let bits = [1, 8 + 5, 8 * 25 + 2, 8 * sealed.len() - 1];
    bits.iter()
        .map(|bit| {
            let mut changed = sealed.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn all() -> Vec<(Column, &'static [Reader])> {
    OF_A_SESSION
        .iter()
        .chain([&DATA_KEY])
        .map(|(table, id, field, readers)| (column(table, id, field), *readers))
        .collect()
}

#[tokio::test]
async fn every_column_of_bytes_is_sealed_and_tested_here_or_a_digest() {
    let bed = Bed::new().await;
    let sql = match bed.state.store.engine() {
        Engine::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.type IN ('BYTEA', 'BLOB')"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'public' AND data_type = 'bytea'"
        }
    };
    let found = bed.state.store.read(async |conn| {
        let rows = sqlx::query(sql).fetch_all(conn).await?;
        let mut found = BTreeSet::new();
        for row in rows {
            found.insert((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
        }
        Ok(found)
    });
    let mut found = found.await.unwrap();
    found.retain(|(table, _)| !table.starts_with('_'));
    let tested = all().into_iter().map(|(column, _)| column);
    let of_the_server = OF_THE_SERVER.map(|(table, id, field)| column(table, id, field));
    let sealed = tested
        .chain(of_the_server)
        .map(|column| (column.table, column.field));
    let known: BTreeSet<_> = sealed
        .chain(DIGESTS)
        .chain([("sign_ins", "token_hash")])
        .map(|(table, field)| (table.to_owned(), field.to_owned()))
        .collect();
    assert_eq!(found, known);
}

#[tokio::test]
async fn a_value_that_was_changed_is_refused() {
    let house = House::new().await;
    for (column, readers) in all() {
        let sealed = house.of(column, 0).await;
        for (number, changed) in flips(&sealed).into_iter().enumerate() {
            house.give(column, 0, changed).await;
            let why = format!("{column:?} with flip {number}");
            house.refuses(&[0], readers, &why).await;
        }
        house.give(column, 0, sealed).await;
    }
    house.refuses(&[], &[], "everything is back").await;
}

/// One damaged value among a hundred must not keep the others from whoever asks, nor look as if there were none.
#[tokio::test]
async fn a_list_shows_what_was_changed_as_null_and_the_others_whole() {
    let house = House::new().await;
    let damaged = house.cases[0].session.to_string();
    let whole = house.cases[0].list(&house.bed).await.json();
    let metadata = column("sessions", "session_id", "metadata_sealed");
    for column in [metadata, KEY] {
        let sealed = house.of(column, 0).await;
        for changed in flips(&sealed) {
            house.give(column, 0, changed).await;
            let reply = house.cases[0].list(&house.bed).await;
            assert_eq!(reply.status, 200, "{column:?}: {}", reply.text);
            let list = reply.json();
            assert_eq!(list.get("pagination"), whole.get("pagination"));
            let sessions =
                |list: &Json| list.get("data").and_then(Json::as_array).unwrap().to_vec();
            assert_eq!(sessions(&list).len(), 2);
            for (session, whole) in sessions(&list).iter().zip(sessions(&whole)) {
                let is_damaged = session.get("id").and_then(Json::as_str) == Some(&damaged);
                for (name, value) in whole.as_object().unwrap().iter() {
                    let expected = if is_damaged && name == "metadata" {
                        &Json::Null
                    } else {
                        value
                    };
                    assert_eq!(session.get(name), Some(expected), "{column:?}: {name}");
                }
            }
        }
        house.give(column, 0, sealed).await;
    }
    let mended = house.cases[0].list(&house.bed).await.json();
    assert_eq!(mended, whole, "everything is back");
}

#[tokio::test]
async fn values_that_were_swapped_between_rows_or_organizations_are_refused() {
    let house = House::new().await;
    for (column, readers) in all() {
        for other in [1, 2] {
            let sealed = [house.of(column, 0).await, house.of(column, other).await];
            house.give(column, 0, sealed[1].clone()).await;
            house.give(column, other, sealed[0].clone()).await;
            let why = format!("{column:?} of {other}");
            house.refuses(&[0, other], readers, &why).await;
            house.give(column, 0, sealed[0].clone()).await;
            house.give(column, other, sealed[1].clone()).await;
        }
    }
    house.refuses(&[], &[], "everything is back").await;
}

#[tokio::test]
async fn a_value_in_the_place_of_another_field_is_refused() {
    let house = House::new().await;
    for (column, readers) in all() {
        let sealed = house.of(column, 0).await;
        for (from, _) in all() {
            if from == column {
                continue;
            }
            let moved = house.of(from, 0).await;
            house.give(column, 0, moved).await;
            let why = format!("{from:?} as {column:?}");
            house.refuses(&[0], readers, &why).await;
        }
        house.give(column, 0, sealed).await;
    }
    house.refuses(&[], &[], "everything is back").await;
}

/// Sealed with the right key, for any other place or version.
#[tokio::test]
async fn a_value_of_another_place_or_version_is_refused() {
    let house = House::new().await;
    let (key, other_key) = (house.data_key(0).await, house.data_key(1).await);
    let vault = &house.bed.state.vault;
    let [case, neighbour, foreign] = &house.cases;
    let (session, message) = (case.session.to_string(), case.message.to_string());
    let other_row = neighbour.session.to_string();
    let kept = column("idempotency_keys", "session_id", "key_hash");
    let key_hash = hex(&house.of(kept, 0).await);
    for (column, readers) in all() {
        let sealed = house.of(column, 0).await;
        let (row, version) = match column.table {
            "mailbox_messages" => (message.as_str(), 1),
            "idempotency_keys" => (key_hash.as_str(), 2),
            _ => (session.as_str(), 1),
        };
        let own = place(&case.organization, row, &column, version);
        let seal = |place: &Place<'_>| match column {
            KEY => vault.wrap(&key, place, [7; 24]).key,
            _ => key.seal(&key.open(&sealed, &own).unwrap(), place, [7; 24]),
        };
        house.give(column, 0, seal(&own)).await;
        let why = format!("{column:?} anew");
        house.refuses(&[], &[], &why).await;
        for place in [
            Place {
                version: version - 1,
                ..own
            },
            Place {
                version: version + 1,
                ..own
            },
            Place {
                row: &other_row,
                ..own
            },
            Place {
                organization: &foreign.organization,
                ..own
            },
            Place {
                table: "outbox",
                ..own
            },
            Place {
                field: "other_sealed",
                ..own
            },
        ] {
            house.give(column, 0, seal(&place)).await;
            let why = format!("{place:?} as {column:?}");
            house.refuses(&[0], readers, &why).await;
        }
        if column == KEY {
            // A key of another session's, sealed for this one: it opens, and is no key to what is sealed.
            house
                .give(column, 0, vault.wrap(&other_key, &own, [7; 24]).key)
                .await;
            house.refuses(&[0], readers, "another key").await;
        }
        house.give(column, 0, sealed).await;
    }
    house.refuses(&[], &[], "everything is back").await;
}

/// The whole record but for its key and its request: it would answer for another session of the same organization.
#[tokio::test]
async fn an_answer_that_was_moved_to_another_idempotency_key_with_its_session_is_refused() {
    let house = House::new().await;
    let swap = |one: SessionId, two: SessionId| {
        apply(move |conn| {
            Box::pin(async move {
                let sql = "UPDATE idempotency_keys SET session_id = $1, response_sealed = (SELECT \
                    other.response_sealed FROM idempotency_keys AS other WHERE other.session_id = $1) \
                    WHERE session_id = $2";
                let query = sqlx::query(sql).bind(one.to_string()).bind(two.to_string());
                Ok(query.execute(conn).await?.rows_affected())
            })
        })
    };
    let [one, two, _] = &house.cases;
    let change = swap(one.session, two.session);
    assert_eq!(house.bed.state.store.write(change).await, Ok(1));
    house.refuses(&[1], &[Reader::Replay], "moved").await;
}

/// As a program before sealed it, minutes before an upgrade.
#[tokio::test]
async fn an_answer_whose_place_was_its_session_is_still_replayed() {
    let house = House::new().await;
    let key = house.data_key(0).await;
    let case = &house.cases[0];
    let response = column("idempotency_keys", "session_id", "response_sealed");
    let sealed = house.of(response, 0).await;
    let kept = column("idempotency_keys", "session_id", "key_hash");
    let key_hash = hex(&house.of(kept, 0).await);
    let plain = key.open(&sealed, &place(&case.organization, &key_hash, &response, 2));
    let session = case.session.to_string();
    let older = place(&case.organization, &session, &response, 1);
    let sealed = key.seal(&plain.unwrap(), &older, [7; 24]);
    house.give(response, 0, sealed).await;
    house.refuses(&[], &[], "the older version").await;
}

#[tokio::test]
async fn an_invitation_whose_address_was_moved_is_given_up_and_others_go_out() {
    let bed = Bed::waiting().await;
    let mut sessions = Vec::new();
    for name in ["jane", "john"] {
        let body = format!(r#"{{"send_email": true, "applicant_email": "{name}@example.com"}}"#);
        sessions.push(bed.create(&body).await.0);
    }
    let [jane, john] = [0, 1].map(|number: usize| sessions[number].to_string());
    let change = apply(move |conn| {
        Box::pin(async move {
            let sql = "UPDATE sessions SET applicant_email_sealed = (SELECT other.applicant_email_sealed \
                FROM sessions AS other WHERE other.session_id = $1) WHERE session_id = $2";
            let query = sqlx::query(sql).bind(jane).bind(john);
            Ok(query.execute(conn).await?.rows_affected())
        })
    });
    assert_eq!(bed.state.store.write(change).await, Ok(1));
    bed.clock.advance(1);
    keep_due(&bed.state).await;
    let mut newest: Vec<String> = Vec::new();
    for session in sessions {
        let mut names = bed.timeline(session).await;
        newest.extend(names.pop());
    }
    assert_eq!(newest, ["invitation.sent", "invitation.failed"]);
}

#[tokio::test]
async fn what_the_server_seals_for_itself_is_held_to_its_place_at_the_start() {
    let house = House::new().await;
    let ring = house.bed.state.vault.ring();
    let root_key = ring.active();
    let secrets = secrets::NAMES.map(str::to_owned).to_vec();
    let [canary, secret] = OF_THE_SERVER.map(|(table, id, field)| column(table, id, field));
    let rows = std::iter::once((canary, root_key.id().to_owned()))
        .chain(secrets.into_iter().map(|name| (secret, name)))
        .collect::<Vec<_>>();
    assert_eq!(house.start().await, "");
    for (number, (column, row)) in rows.iter().enumerate() {
        let sealed = house.bytes(*column, row).await;
        let mut wrong = flips(&sealed);
        for (other, (from, from_row)) in rows.iter().enumerate() {
            if other != number {
                wrong.push(house.bytes(*from, from_row).await);
            }
        }
        wrong.push(house.of(KEY, 0).await);
        let place = |version| associated("", column.table, row, column.field, version);
        let plain = root_key.open(&sealed, &place(1)).unwrap();
        wrong.push(root_key.seal(&plain, &place(2), [1; 24]));
        for (kind, wrong) in wrong.into_iter().enumerate() {
            house.put(*column, row, wrong).await;
            let error = house.start().await;
            let named = if *column == canary {
                root_key.id()
            } else {
                row
            };
            assert!(error.contains(named), "{kind} of {row}: {error:?}");
        }
        house.put(*column, row, sealed).await;
        assert_eq!(house.start().await, "", "{row} is back");
    }
    // A secret of the server's is no session's key.
    let sealed = house.of(KEY, 0).await;
    for (column, row) in &rows {
        house.give(KEY, 0, house.bytes(*column, row).await).await;
        house.refuses(&[0], &READERS, row).await;
    }
    house.give(KEY, 0, sealed).await;
    house.refuses(&[], &[], "everything is back").await;
}
