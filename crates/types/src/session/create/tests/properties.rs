//! What holds for any request.

use super::*;
use crate::json::Json;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        "[a-z@.:/+0-9 _-]{0,24}".prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        Just(Json::from("https://example.com/x")),
        Just(Json::from("a@b.example")),
        Just(Json::from("1990-01-01")),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec(
                ("[a-z_]{0,8}|name-first|birthdate|applicant_email", inner),
                0..4
            )
            .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn any_request() -> impl Strategy<Value = Json> {
    let names: Vec<&str> = Field::TABLE
        .iter()
        .flat_map(|(_, name, aliases)| std::iter::once(*name).chain(aliases.iter().copied()))
        .chain(["other"])
        .collect();
    prop::collection::vec((prop::sample::select(names), any_value()), 0..6).prop_map(|members| {
        Json::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

proptest! {
    #[test]
    fn what_is_accepted_round_trips(body in any_request()) {
        if let Ok(session) = CreateSessionRequest::from_json(body).unwrap().validate(&context()) {
            let again = CreateSessionRequest::from_json(session.to_json()).unwrap().validate(&context());
            prop_assert_eq!(again, Ok(session));
        }
    }

    #[test]
    fn each_field_has_one_error_and_a_repeated_member_is_never_accepted(body in any_request()) {
        let request = CreateSessionRequest::from_json(body).unwrap();
        let is_sound = request.is_sound();
        match request.validate(&context()) {
            Ok(_) => prop_assert!(is_sound),
            Err(errors) => {
                let mut fields: Vec<_> = errors.iter().map(|error| error.field.as_ref()).collect();
                fields.sort_unstable();
                let count = fields.len();
                fields.dedup();
                prop_assert_eq!(fields.len(), count);
                prop_assert_eq!(is_sound, errors.iter().all(|error| error.code != FieldCode::DuplicateField));
            }
        }
    }
}
