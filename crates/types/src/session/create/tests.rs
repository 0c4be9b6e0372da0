mod properties;
mod publishable;

use super::*;
use crate::json::read;

fn today() -> Date {
    Date::new(2026, 2, 1).unwrap()
}

fn context() -> Context<'static> {
    Context {
        today: today(),
        schemes: &[],
        strict: false,
        workflows: None,
        publishable: None,
    }
}

fn request(body: &str) -> CreateSessionRequest {
    CreateSessionRequest::from_json(read(body.as_bytes()).unwrap()).unwrap()
}

fn accept(body: &str) -> NewSession {
    request(body)
        .validate(&context())
        .unwrap_or_else(|errors| panic!("{body}: {errors:?}"))
}

/// `field code` of each error, in order.
fn refuse(body: &str) -> Vec<String> {
    let errors = request(body).validate(&context()).expect_err(body);
    errors
        .iter()
        .map(|error| format!("{} {}", error.field, error.code))
        .collect()
}

#[test]
fn nothing_is_required() {
    let session = accept("{}");
    assert_eq!(
        session.to_json().to_text(),
        r#"{"metadata":{},"send_email":false,"expires_in_minutes":1440,"fields":{}}"#
    );
}

#[test]
fn every_field_is_kept() {
    let body = r#"{"external_ref":"user_1","metadata":{"plan":"premium","n":null},"country":"us","checks":["document_ocr","face_match"],
        "redirect_url":"https://app.example/done","send_email":true,"applicant_email":"jane@example.com","applicant_name":"Jane Doe",
        "email_display_name":"Acme","support_url":"https://acme.example/help","expires_in_minutes":60,
        "fields":{"name-first":"Jane","lastName":"Doe","date_of_birth":"1990-02-28","phone":"+14155550123","addressStreet1":"1 Main St","nationality":"gb"}}"#;
    let session = accept(body);
    assert_eq!(
        session.to_json().to_text(),
        r#"{"external_ref":"user_1","metadata":{"plan":"premium"},"country":"US","checks":["document_ocr","face_match"],"redirect_url":"https://app.example/done","send_email":true,"applicant_email":"jane@example.com","applicant_name":"Jane Doe","email_display_name":"Acme","support_url":"https://acme.example/help","expires_in_minutes":60,"fields":{"name_first":"Jane","name_last":"Doe","birthdate":"1990-02-28","phone_number":"+14155550123","address_street_1":"1 Main St","nationality":"GB"}}"#
    );
    assert_eq!(session.recipient().unwrap().as_str(), "jane@example.com");
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_names() {
    let body = r#"{"fields":{"nope":1,"birthdate":"2026-02-01","name_first":""},"expires_in_minutes":9,"support_url":"ftp://a.example","email_display_name":"=?x",
        "applicant_name":"a\nb","applicant_email":"x","send_email":"yes","redirect_url":"example.com","workflow_id":"wfl_1","checks":["face_match","face_match","facematch",1],
        "country":"UK","metadata":[],"external_ref":1}"#;
    assert_eq!(
        refuse(body),
        [
            "external_ref wrong_type",
            "metadata wrong_type",
            "country unknown_value",
            "checks[1] duplicate_value",
            "checks[2] unknown_value",
            "checks[3] wrong_type",
            "workflow_id not_found",
            "redirect_url invalid_format",
            "send_email wrong_type",
            "applicant_email invalid_format",
            "applicant_name invalid_characters",
            "email_display_name invalid_characters",
            "support_url not_allowed",
            "expires_in_minutes out_of_range",
            "fields.name_first empty",
            "fields.birthdate out_of_range",
            "fields.nope unknown_field",
        ]
    );
}

#[test]
fn null_is_absence() {
    assert_eq!(
        accept(
            r#"{"country":null,"metadata":null,"checks":null,"fields":{"birthdate":null},"send_email":null}"#
        ),
        accept(r#"{"fields":{}}"#)
    );
}

#[test]
fn two_spellings_of_one_field_are_refused_by_name() {
    assert_eq!(
        refuse(r#"{"external_ref":"a","externalRef":"a"}"#),
        ["external_ref duplicate_field"]
    );
    assert_eq!(
        refuse(r#"{"reference_id":"a","external_ref":null}"#),
        ["external_ref duplicate_field"]
    );
    assert_eq!(
        refuse(r#"{"fields":{"email":"a@b","emailAddress":"a@b"}}"#),
        ["fields.email_address duplicate_field"]
    );
    assert_eq!(
        refuse(r#"{"fields":{},"prefill":{}}"#),
        ["fields duplicate_field"]
    );
    assert_eq!(
        refuse(
            r#"{"metadata":{"a":1,"a":2,"b":{"c":[{"d":1,"d":1}]}},"country":"XX","x":{"y":1,"y":2},"x":1}"#
        ),
        [
            "metadata.a duplicate_field",
            "metadata.b.c[0].d duplicate_field",
            "country unknown_value",
            "x duplicate_field",
            "x.y duplicate_field",
        ]
    );
    assert!(!request(r#"{"metadata":{"b":[{"d":1,"d":1}]}}"#).is_sound());
    assert!(!request(r#"{"data":{"attributes":{}},"data":1}"#).is_sound());
    assert!(request(r#"{"metadata":{"b":[{"d":1},{"d":1}]}}"#).is_sound());
}

#[test]
fn metadata_is_bounded_in_keys_and_bytes() {
    let keys = |count: usize| {
        format!(
            "{{\"metadata\":{{{}\"gone\":null}}}}",
            (0..count).fold(String::new(), |all, n| all + &format!("\"k{n}\":1,"))
        )
    };
    assert_eq!(accept(&keys(50)).metadata.as_object().len(), 50);
    assert_eq!(refuse(&keys(51)), ["metadata too_many"]);
    let value = |bytes: usize| format!("{{\"metadata\":{{\"k\":\"{}\"}}}}", "x".repeat(bytes - 2));
    accept(&value(16_384));
    assert_eq!(refuse(&value(16_385)), ["metadata.k too_large"]);
    let escaped = format!("{{\"metadata\":{{\"k\":\"{}\"}}}}", "\\u00e9".repeat(8_191));
    accept(&escaped);
    assert_eq!(
        refuse(
            &escaped
                .replace("\"}}", "x\"}}")
                .replace("\\u00e9x", "\\u00e9\\u00e9")
        ),
        ["metadata.k too_large"]
    );
    assert_eq!(
        refuse(&format!(
            "{{\"metadata\":{{\"\":1,\"{}\":1}}}}",
            "k".repeat(129)
        )),
        [
            "metadata[\"\"] empty".to_owned(),
            format!("metadata[\"{}…\"] too_long", "k".repeat(64))
        ]
    );
}

#[test]
fn an_invitation_needs_an_address() {
    assert_eq!(
        refuse(r#"{"send_email":true}"#),
        ["applicant_email required"]
    );
    assert_eq!(
        refuse(r#"{"send_email":true,"metadata":{"applicant_email":5}}"#),
        ["applicant_email required"]
    );
    assert_eq!(
        refuse(r#"{"send_email":true,"metadata":{"applicant_email":"x"}}"#),
        ["metadata.applicant_email invalid_format"]
    );
    assert_eq!(
        refuse(r#"{"send_email":true,"metadata":{"applicantEmail":"a@b"}}"#),
        ["applicant_email required"]
    );
    assert_eq!(
        accept(r#"{"send_email":true,"metadata":{"applicant_email":"a@b"}}"#)
            .recipient()
            .unwrap()
            .as_str(),
        "a@b"
    );
    assert_eq!(
        accept(r#"{"send_email":true,"applicant_email":"c@d","metadata":{"applicant_email":"x"}}"#)
            .recipient()
            .unwrap()
            .as_str(),
        "c@d"
    );
    assert!(
        accept(r#"{"applicant_email":"c@d","metadata":{"applicant_email":"x"}}"#)
            .recipient()
            .is_none()
    );
    assert_eq!(
        refuse(r#"{"send_email":true,"applicant_email":""}"#),
        ["applicant_email empty"]
    );
}

#[test]
fn unknown_fields_are_ignored_by_name_or_refused_when_asked() {
    let sent = request(r#"{"countri":"US","x y":1}"#);
    assert_eq!(sent.ignored_fields(), ["countri", "x y"]);
    let errors = sent
        .validate(&Context {
            strict: true,
            ..context()
        })
        .unwrap_err();
    assert_eq!(
        (errors[0].field.as_ref(), errors[0].code),
        ("countri", FieldCode::UnknownField)
    );
    assert!(errors[0].message.contains("`country`"));
    assert_eq!(errors[1].field, r#"["x y"]"#);
}

#[test]
fn the_envelope_is_the_body() {
    assert_eq!(
        accept(r#"{"data":{"type":"session","attributes":{"external-ref":"a"}}}"#),
        accept(r#"{"external_ref":"a"}"#)
    );
    assert_eq!(
        refuse(r#"{"data":{"attributes":{"country":1}}}"#),
        ["country wrong_type"]
    );
    assert!(CreateSessionRequest::from_json(read(b"[]").unwrap()).is_err());
}

#[test]
fn a_workflow_must_exist_where_that_is_known() {
    let id = WorkflowId::from_bytes([1; 16]);
    let exists = |other: &WorkflowId| *other == id;
    let known = Context {
        workflows: Some(&exists),
        ..context()
    };
    let body = |id: WorkflowId| request(&format!(r#"{{"inquiry-template-id":"{id}"}}"#));
    assert_eq!(body(id).validate(&known).unwrap().workflow_id, Some(id));
    let other = body(WorkflowId::from_bytes([2; 16]));
    assert_eq!(
        other.clone().validate(&known).unwrap_err()[0].code,
        FieldCode::NotFound
    );
    assert!(other.validate(&context()).is_ok());
}

#[test]
fn the_fingerprint_is_one_for_all_ways_to_send_the_same() {
    let one = request(r#"{"external_ref":"a","metadata":{"b":1,"a":null},"fields":{"name_first":"J","birthdate":null},"country":null,"odd":1}"#).fingerprint_text();
    let same = request(r#"{ "data": {"attributes": {"odd":1, "prefill":{"first-name":"\u004a"}, "metadata":{"a":null,"b":1}, "referenceId":"a"}}}"#).fingerprint_text();
    assert_eq!(one, same);
    for other in [
        r#"{"external_ref":"b","metadata":{"b":1,"a":null},"fields":{"name_first":"J"},"odd":1}"#,
        r#"{"external_ref":"a","metadata":{"b":1},"fields":{"name_first":"J"},"odd":1}"#,
        r#"{"external_ref":"a","metadata":{"b":1.0,"a":null},"fields":{"name_first":"J"},"odd":1}"#,
        r#"{"external_ref":"a","metadata":{"b":1,"a":null},"fields":{"name_first":"J"},"odd":2}"#,
        r#"{"external_ref":"a","metadata":{"b":1,"a":null},"fields":{"name_first":"J"},"odd":1,"country":"us"}"#,
    ] {
        assert_ne!(request(other).fingerprint_text(), one, "{other}");
    }
}

#[test]
fn messages_never_repeat_a_value_and_debug_shows_none() {
    let body = r#"{"external_ref":["CANARY"],"metadata":{"applicant_email":"CANARY"},"country":"CANARY","checks":["CANARY"],"workflow_id":"CANARY","redirect_url":"CANARY","send_email":true,
        "applicant_name":"CANARY=?","support_url":"CANARY://x","expires_in_minutes":"CANARY","fields":{"birthdate":"CANARY","nationality":"CANARY","phone":"CANARY"}}"#;
    let errors = request(body).validate(&context()).unwrap_err();
    assert_eq!(errors.len(), 12);
    assert!(!format!("{errors:?}").contains("CANARY"));
    assert!(!format!("{:?}", request(body)).contains("CANARY"));
    let good = accept(
        r#"{"metadata":{"a":"CANARY"},"applicant_email":"CANARY@b","fields":{"name_first":"CANARY"}}"#,
    );
    assert!(!format!("{good:?}").contains("CANARY"));
}
