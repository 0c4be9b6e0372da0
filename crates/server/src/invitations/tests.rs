//! What an invitation says, and that nothing written in it can become a header.

use mail_parser::{MessageParser, MimeHeaders as _};

use super::*;

const NOON: i64 = 1_769_947_200_000;

fn input() -> InvitationInput {
    InvitationInput {
        to: "jane@example.com".into(),
        applicant_name: Some("Jane Doe".into()),
        email_display_name: Some("Acme Pay".into()),
        support_url: Some("https://pay.example.com/help?topic=verify&lang=en".into()),
        organization: Organization {
            name: "Acme Holdings Ltd".into(),
            email_display_name: Some("Acme".into()),
            support_url: Some("https://example.com/support".into()),
            accent_colour: Some("#0a7d4f".into()),
        },
        capture_url:
            "https://verify.example.com/verify/AQGZ0xkq3HeQjK2b7bq2m3v0b9bq2m3v0b9bq2m3v0b9bq2m3v"
                .into(),
        expires_at: NOON + 86_400_000,
        now: NOON,
        sandbox: false,
    }
}

fn bare() -> InvitationInput {
    InvitationInput {
        applicant_name: None,
        email_display_name: None,
        support_url: None,
        organization: Organization {
            name: "Example".into(),
            email_display_name: None,
            support_url: None,
            accent_colour: None,
        },
        sandbox: true,
        ..input()
    }
}

fn sent(rendered: &Rendered) -> Vec<u8> {
    Outgoing::build(rendered, "no-reply@example.com", "obx_1", NOON)
        .unwrap()
        .bytes()
        .to_vec()
}

#[test]
fn an_invitation_with_everything_reads_well() {
    let rendered = render(&input()).unwrap();
    insta::assert_snapshot!("full_text", rendered.text);
    insta::assert_snapshot!("full_html", rendered.html);
}

#[test]
fn an_invitation_with_nothing_optional_reads_well() {
    let rendered = render(&bare()).unwrap();
    insta::assert_snapshot!("bare_text", rendered.text);
    insta::assert_snapshot!("bare_html", rendered.html);
}

#[test]
fn the_brand_is_the_sessions_else_the_display_name_else_the_name() {
    let mut input = input();
    for expected in ["Acme Pay", "Acme", "Acme Holdings Ltd"] {
        let rendered = render(&input).unwrap();
        assert_eq!(rendered.from_name, expected);
        assert_eq!(
            rendered.subject,
            format!("Verify your identity for {expected}")
        );
        let sentence = format!("to verify your identity for {expected}");
        assert!(
            rendered.text.contains(&sentence) && rendered.html.contains(&sentence),
            "{expected}"
        );
        // Whoever lends the brand, the organization itself is named.
        assert!(
            rendered
                .html
                .contains("Acme Holdings Ltd asked for this verification")
        );
        if input.email_display_name.take().is_none() {
            input.organization.email_display_name = None;
        }
    }
}

#[test]
fn a_name_that_shows_nothing_counts_as_none() {
    for blank in [" ", "\u{a0}\u{3000}", "\u{200b}", "\u{3164} \u{2800}"] {
        let mut input = input();
        input.applicant_name = Some(blank.into());
        input.email_display_name = Some(blank.into());
        let rendered = render(&input).unwrap();
        assert_eq!(
            rendered.subject, "Verify your identity for Acme",
            "{blank:?}"
        );
        assert!(rendered.text.starts_with("Please click"), "{blank:?}");
        assert!(rendered.html.contains(">Please click"), "{blank:?}");
        input.organization.email_display_name = Some(blank.into());
        assert_eq!(
            render(&input).unwrap().from_name,
            "Acme Holdings Ltd",
            "{blank:?}"
        );
    }
}

#[test]
fn the_opener_names_the_applicant_or_nobody() {
    let mut input = input();
    assert!(
        render(&input)
            .unwrap()
            .text
            .starts_with("Jane Doe, please click the link below")
    );
    assert!(
        render(&input)
            .unwrap()
            .html
            .contains(">Jane Doe, please click the button below")
    );
    input.applicant_name = None;
    assert!(
        render(&input)
            .unwrap()
            .text
            .starts_with("Please click the link below")
    );
    assert!(
        render(&input)
            .unwrap()
            .html
            .contains(">Please click the button below")
    );
}

#[test]
fn the_recovery_sentence_links_to_support_by_its_fall_back_or_stays_plain() {
    let mut input = input();
    let pay = "https://pay.example.com/help?topic=verify&lang=en";
    assert!(render(&input).unwrap().text.contains(&format!(
        "contact support to have a new link sent:\n{pay}\n"
    )));
    input.support_url = None;
    assert!(
        render(&input)
            .unwrap()
            .html
            .contains(r#"href="https://example.com/support""#)
    );
    input.organization.support_url = None;
    let rendered = render(&input).unwrap();
    assert!(
        rendered
            .text
            .contains("contact support to have a new link sent.\n")
    );
    assert!(
        rendered.html.contains(
            "If it has expired or does not work, contact support to have a new link sent."
        )
    );
}

#[test]
fn a_subject_stays_under_60_characters_for_a_brand_of_30_and_never_cuts_it() {
    let mut input = input();
    for length in [30, 200] {
        let brand = "B".repeat(length);
        input.email_display_name = Some(brand.clone());
        let subject = render(&input).unwrap().subject;
        assert!(subject.ends_with(&brand));
        assert!(length > 30 || subject.chars().count() < 60);
    }
}

#[test]
fn only_the_sandbox_says_that_it_is_a_test() {
    for sandbox in [false, true] {
        let rendered = render(&InvitationInput { sandbox, ..input() }).unwrap();
        assert_eq!(rendered.text.contains("Sandbox: this is a test"), sandbox);
        assert_eq!(rendered.html.contains("this is a test invitation"), sandbox);
    }
}

#[test]
fn markup_in_names_is_shown_and_never_runs() {
    let mut input = input();
    input.applicant_name = Some("<script>alert(1)</script>".into());
    input.email_display_name = Some("\"><img src=x>".into());
    let html = render(&input).unwrap().html;
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x>"));
}

#[test]
fn the_message_carries_text_html_and_the_qr_inline() {
    let rendered = render(&input()).unwrap();
    let bytes = sent(&rendered);
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.message_id(), Some("obx_1@example.com"));
    assert_eq!(message.subject(), Some("Verify your identity for Acme Pay"));
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Acme Pay"), Some("no-reply@example.com"))
    );
    assert_eq!(
        message.to().unwrap().first().unwrap().address(),
        Some("jane@example.com")
    );
    assert_eq!(message.date().unwrap().to_timestamp(), NOON / 1_000);
    assert_eq!(
        message.body_text(0).unwrap().replace("\r\n", "\n"),
        rendered.text
    );
    assert_eq!(
        message.body_html(0).unwrap().replace("\r\n", "\n"),
        rendered.html
    );
    let qr = message.attachment(0).unwrap();
    assert_eq!(qr.content_id(), Some(QR_CID));
    assert_eq!(
        qr.contents(),
        vouchkey_qr::png_bytes(&rendered.capture_url).unwrap()
    );
    assert!(bytes.is_ascii());
    assert!(
        bytes
            .split(|byte| *byte == b'\n')
            .all(|line| line.len() <= 998)
    );
}

#[test]
fn no_name_can_add_a_header_line_or_break_one() {
    let plain = names_of_headers(&sent(&render(&input()).unwrap()));
    let hostile = [
        "Eve\r\nBcc: eve@example.net".to_owned(),
        "Eve\nX-Evil: 1".into(),
        "Eve\rBcc: eve@example.net".into(),
        "Eve\0".into(),
        "=?utf-8?B?RXZlDQpCY2M6IGV2ZQ==?=".into(),
        "=?utf-8?Q?=0D=0ABcc:_eve?=".into(),
        "\"Eve\" <eve@example.net>".into(),
        "Eve, <eve@example.net>".into(),
        "\u{202e}evE".into(),
        "名前 🙂 Ünï".into(),
        "\\".into(),
        "x".repeat(10_000),
        " ".into(),
        "é".repeat(200),
    ];
    for name in hostile {
        let mut input = input();
        input.email_display_name = Some(name.clone());
        input.applicant_name = Some(name.clone());
        let rendered = render(&input).unwrap();
        let message = Outgoing::build(&rendered, "no-reply@example.com", "obx_1", NOON).unwrap();
        assert_eq!(names_of_headers(message.bytes()), plain, "{name:?}");
        assert_eq!(message.envelope().to().len(), 1, "{name:?}");
        let parsed = MessageParser::default().parse(message.bytes()).unwrap();
        assert_eq!(
            parsed.from().unwrap().first().unwrap().address(),
            Some("no-reply@example.com"),
            "{name:?}"
        );
        let decoded = parsed
            .subject()
            .unwrap()
            .replace(|c: char| c.is_whitespace(), "");
        assert!(
            !decoded.contains('\r') && !decoded.contains('\n'),
            "{name:?}"
        );
    }
}

#[test]
fn an_address_that_mail_cannot_carry_is_an_error_and_no_panic() {
    for to in [
        "",
        "jane",
        "jane@",
        "jane@example.com\r\nRCPT TO:<eve@example.net>",
        "a b@example.com",
    ] {
        let rendered = Rendered {
            to: to.into(),
            ..render(&input()).unwrap()
        };
        assert!(
            Outgoing::build(&rendered, "no-reply@example.com", "obx_1", NOON).is_err(),
            "{to:?}"
        );
        assert!(!can_be_sent("no-reply@example.com", to), "{to:?}");
    }
}

#[test]
fn a_brand_with_a_dot_is_quoted() {
    for (brand, written) in [
        ("Booking.com", "\"Booking.com\""),
        ("a..b", "\"a..b\""),
        ("J. Doe", "\"J. Doe\""),
        ("Acme-Inc_1", "Acme-Inc_1"),
    ] {
        let mut input = input();
        input.email_display_name = Some(brand.into());
        let message = sent(&render(&input).unwrap());
        let text = String::from_utf8_lossy(&message);
        let line = text.lines().find(|line| line.starts_with("From: "));
        let expected = format!("From: {written} <");
        assert!(line.unwrap().starts_with(&expected), "{line:?}");
    }
}

#[test]
fn an_address_with_dots_that_rfc_5321_does_not_know_is_quoted() {
    for (given, written) in [
        ("a..b@docomo.example", r#""a..b"@docomo.example"#),
        ("a.@docomo.example", r#""a."@docomo.example"#),
        (".a@docomo.example", r#"".a"@docomo.example"#),
        ("a.b+c@example.com", "a.b+c@example.com"),
    ] {
        let rendered = Rendered {
            to: given.into(),
            ..render(&input()).unwrap()
        };
        let message = Outgoing::build(&rendered, "no-reply@example.com", "obx_1", NOON).unwrap();
        assert_eq!(message.envelope().to()[0].to_string(), written);
        assert!(can_be_sent("no-reply@example.com", given));
        let head = String::from_utf8(message.bytes().to_vec()).unwrap();
        assert!(head.contains(&format!("\r\nTo: {written}\r\n")), "{head}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_names_are_the_headers_are_the_same(brand: String, applicant: String, organization: String) {
        let mut input = input();
        let plain = names_of_headers(&sent(&render(&input).unwrap()));
        input.email_display_name = Some(brand);
        input.applicant_name = Some(applicant);
        input.organization.name = organization;
        let headers = names_of_headers(&sent(&render(&input).unwrap()));
        proptest::prop_assert_eq!(headers, plain);
    }
}

fn names_of_headers(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0.to_owned())
        .collect()
}
