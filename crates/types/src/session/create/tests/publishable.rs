//! What a publishable key may send (decision 10).

use super::*;

/// What a publishable key is told, whose organization lists `shop.example`.
fn refuse_publishable(body: &str) -> Vec<String> {
    let hosts = ["shop.example".to_owned()];
    let context = Context {
        publishable: Some(Publishable {
            redirect_hosts: &hosts,
        }),
        schemes: &["myapp".to_owned()],
        ..context()
    };
    let errors = request(body).validate(&context).err().unwrap_or_default();
    errors
        .iter()
        .map(|error| format!("{} {}", error.field, error.code))
        .collect()
}

#[test]
fn a_publishable_key_sets_the_fields_that_are_open_to_it() {
    let open = r#"{"external_ref":"a","metadata":{"applicant_email":"x","k":[1]},"country":"us","expires_in_minutes":10,
        "redirect_url":"https://Shop.example:8443/done?x=1","fields":{"name_first":"J","email_address":"a@b.example"},
        "send_email":null,"checks":null,"odd":1}"#;
    assert_eq!(refuse_publishable(open), [""; 0]);
    let closed = r#"{"support_url":"https://a.example","email_display_name":"A","applicant_name":"J","applicant_email":"a@b.example",
        "send_email":false,"checks":["face_match"]}"#;
    assert_eq!(
        refuse_publishable(closed),
        [
            "checks not_allowed",
            "send_email not_allowed",
            "applicant_email not_allowed",
            "applicant_name not_allowed",
            "email_display_name not_allowed",
            "support_url not_allowed",
        ]
    );
    assert_eq!(accept(closed).checks.map(|checks| checks.len()), Some(1));
    let count = Field::TABLE
        .iter()
        .filter(|(field, ..)| !Publishable::opens(*field))
        .count();
    assert_eq!(count, 6, "each closed field is in the test");
}

#[test]
fn who_may_not_invite_is_not_asked_for_an_address() {
    for body in [
        r#"{"send_email":true}"#,
        r#"{"send_email":true,"metadata":{"applicant_email":"x"}}"#,
    ] {
        assert_eq!(refuse_publishable(body), ["send_email not_allowed"]);
    }
}

#[test]
fn a_closed_field_is_told_its_first_mistake_together_with_all_others() {
    let body = r#"{"expires_in_minutes":9,"brand-name":"","applicant_email":"x","sendEmail":true,"checks":["face_match","nope"],
        "redirect_url":"https://evil.example","country":"UK","applicant_name":"a","applicant_name":"b"}"#;
    assert_eq!(
        refuse_publishable(body),
        [
            "country unknown_value",
            "checks not_allowed",
            "checks[1] unknown_value",
            "redirect_url not_allowed",
            "send_email not_allowed",
            "applicant_email invalid_format",
            "applicant_name duplicate_field",
            "email_display_name empty",
            "expires_in_minutes out_of_range",
        ]
    );
}

#[test]
fn a_publishable_key_sends_applicants_to_listed_hosts_only() {
    for (url, expected) in [
        ("http://shop.example", ""),
        ("https://SHOP.EXAMPLE/x", ""),
        ("myapp://shop.example/done", ""),
        ("myapp://done", "redirect_url not_allowed"),
        ("https://a.shop.example/", "redirect_url not_allowed"),
        (
            "https://shop.example.evil.example/",
            "redirect_url not_allowed",
        ),
        ("https://evilshop.example/", "redirect_url not_allowed"),
        (
            "https://shop.example@evil.example/",
            "redirect_url not_allowed",
        ),
        (
            "https://evil.example/#shop.example",
            "redirect_url not_allowed",
        ),
        ("https://shop.example./", "redirect_url invalid_format"),
        ("shop.example", "redirect_url invalid_format"),
    ] {
        let told = refuse_publishable(&format!(r#"{{"redirect_url":"{url}"}}"#));
        assert_eq!(told.join(", "), expected, "{url}");
    }
}
