use super::*;
use proptest::prelude::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const NOW: i64 = 1_614_265_330;

/// Both forms of one message.
struct Message {
    id: String,
    timestamp: String,
    signature: String,
    own: String,
}

impl Message {
    fn signed(secret: &str, second: i64) -> Self {
        let secret = Secret::parse(secret).unwrap();
        Self {
            id: ID.to_owned(),
            timestamp: second.to_string(),
            signature: secret.sign_standard(ID, second, BODY).unwrap(),
            own: secret.sign(second, BODY),
        }
    }

    fn standard(&self) -> SignatureHeaders<'_> {
        SignatureHeaders {
            id: Some(&self.id),
            timestamp: Some(&self.timestamp),
            signature: Some(&self.signature),
            own: None,
        }
    }

    fn own(&self) -> SignatureHeaders<'_> {
        SignatureHeaders {
            own: Some(&self.own),
            ..SignatureHeaders::default()
        }
    }

    fn both(&self) -> SignatureHeaders<'_> {
        SignatureHeaders {
            own: Some(&self.own),
            ..self.standard()
        }
    }
}

fn check(body: &[u8], headers: SignatureHeaders<'_>, secrets: &[&str]) -> Result<(), &'static str> {
    let secrets: Vec<_> = secrets
        .iter()
        .filter_map(|text| Secret::parse(text))
        .collect();
    verify(body, headers, &secrets, NOW, DEFAULT_TOLERANCE_SECONDS)
        .map_err(SignatureRefusal::as_str)
}

#[test]
fn each_form_is_enough_and_so_are_both() {
    let message = Message::signed(SECRET, NOW);
    for headers in [message.standard(), message.own(), message.both()] {
        assert_eq!(check(BODY, headers, &[SECRET]), Ok(()));
    }
}

#[test]
fn the_reference_signature_is_believed_with_and_without_the_prefix_of_the_secret() {
    let headers = SignatureHeaders {
        id: Some(ID),
        timestamp: Some("1614265330"),
        signature: Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        own: None,
    };
    assert_eq!(check(BODY, headers, &[SECRET]), Ok(()));
    assert_eq!(
        check(BODY, headers, &["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
        Ok(())
    );
}

#[test]
fn a_body_that_was_changed_is_not_believed() {
    let message = Message::signed(SECRET, NOW);
    for headers in [message.standard(), message.own(), message.both()] {
        for body in [
            &b"{\"test\":2432232314}"[..],
            b"",
            b"{\"test\": 2432232315}",
        ] {
            assert_eq!(check(body, headers, &[SECRET]), Err("signature_mismatch"));
        }
    }
}

#[test]
fn an_id_or_a_time_that_was_changed_is_not_believed() {
    let mut message = Message::signed(SECRET, NOW);
    message.id.push('x');
    assert_eq!(
        check(BODY, message.standard(), &[SECRET]),
        Err("signature_mismatch")
    );
    let mut message = Message::signed(SECRET, NOW);
    message.timestamp = (NOW + 1).to_string();
    message.own = message.own.replace(&NOW.to_string(), &message.timestamp);
    assert_eq!(
        check(BODY, message.both(), &[SECRET]),
        Err("signature_mismatch")
    );
}

#[test]
fn while_a_secret_is_replaced_the_old_and_the_new_one_count() {
    let message = Message::signed(SECRET, NOW);
    assert_eq!(check(BODY, message.both(), &[OTHER, SECRET]), Ok(()));
    assert_eq!(
        check(BODY, message.both(), &[OTHER]),
        Err("signature_mismatch")
    );
    // And the other way round: one secret, signatures of both.
    let mut message = Message::signed(OTHER, NOW);
    let right = Message::signed(SECRET, NOW);
    message.signature = format!(
        "{} v1a,xyz v2,{} {}",
        message.signature, right.signature, right.signature
    );
    assert_eq!(check(BODY, message.standard(), &[SECRET]), Ok(()));
    let mac = right.own.split_once(",v1=").unwrap().1;
    message.own = format!("{}, v1={mac},v9=x", message.own);
    assert_eq!(check(BODY, message.own(), &[SECRET]), Ok(()));
}

#[test]
fn signatures_from_two_headers_are_read() {
    let (wrong, right) = (Message::signed(OTHER, NOW), Message::signed(SECRET, NOW));
    let mut message = Message::signed(SECRET, NOW);
    message.signature = format!("{}, {}", wrong.signature, right.signature);
    assert_eq!(check(BODY, message.standard(), &[SECRET]), Ok(()));
    message.own = format!("{}, {}", wrong.own, right.own);
    assert_eq!(check(BODY, message.own(), &[SECRET]), Ok(()));
}

#[test]
fn the_time_of_signing_may_be_off_by_the_tolerance_and_no_more() {
    for (off, expected) in [
        (-300, Ok(())),
        (-301, Err("timestamp_too_old")),
        (300, Ok(())),
        (301, Err("timestamp_too_new")),
    ] {
        let message = Message::signed(SECRET, NOW + off);
        assert_eq!(
            check(BODY, message.standard(), &[SECRET]),
            expected,
            "{off}"
        );
        assert_eq!(check(BODY, message.own(), &[SECRET]), expected, "{off}");
    }
}

#[test]
fn absent_headers_are_named() {
    let message = Message::signed(SECRET, NOW);
    let all = message.standard();
    for headers in [
        SignatureHeaders::default(),
        SignatureHeaders { id: None, ..all },
        SignatureHeaders {
            id: Some(""),
            ..all
        },
        SignatureHeaders {
            timestamp: None,
            ..all
        },
        SignatureHeaders {
            signature: None,
            ..all
        },
    ] {
        assert_eq!(check(BODY, headers, &[SECRET]), Err("missing_signature"));
    }
}

#[test]
fn unreadable_headers_are_named() {
    let mut message = Message::signed(SECRET, NOW);
    let right = message.signature.clone();
    for text in [
        "",
        "v1,",
        "v1",
        "v1,dawfeoifkpqwoekfpqoekf*",
        &right.replace("v1,", "v2,"),
    ] {
        text.clone_into(&mut message.signature);
        assert_eq!(
            check(BODY, message.standard(), &[SECRET]),
            Err("malformed_signature"),
            "{text}"
        );
    }
    right[..8].clone_into(&mut message.signature);
    assert!(check(BODY, message.standard(), &[SECRET]).is_err());
    message.signature = right;
    for time in [
        "",
        "hello",
        "-1",
        "+1614265330",
        "1614265330.0",
        "9999999999999",
        "1614265330 1614265330",
    ] {
        time.clone_into(&mut message.timestamp);
        assert_eq!(
            check(BODY, message.standard(), &[SECRET]),
            Err("malformed_signature"),
            "{time}"
        );
    }
    for text in [
        "",
        "x",
        "t=1614265330",
        "v1=00",
        "t=,v1=00",
        "t=1,t=2,v1=00",
        "t=1614265330,v1=zz",
    ] {
        text.clone_into(&mut message.own);
        assert_eq!(
            check(BODY, message.own(), &[SECRET]),
            Err("malformed_signature"),
            "{text}"
        );
    }
}

#[test]
fn secrets_that_cannot_be_used_are_named() {
    let message = Message::signed(SECRET, NOW);
    assert_eq!(check(BODY, message.both(), &[]), Err("invalid_secret"));
    assert_eq!(
        check(BODY, message.standard(), &["whsec_?"]),
        Err("invalid_secret")
    );
    assert_eq!(
        check(BODY, message.standard(), &["whsec_?", SECRET]),
        Ok(())
    );
}

proptest! {
    #[test]
    fn one_changed_character_is_found(at in 0_usize..44, letter in "[A-Za-z0-9+/]") {
        let mut message = Message::signed(SECRET, NOW);
        // The last digit before the padding holds two bits that stand for nothing.
        let at = 3 + at.min(41);
        message.signature.replace_range(at..=at, &letter);
        let is_same = message.signature == Message::signed(SECRET, NOW).signature;
        prop_assert_eq!(check(BODY, message.standard(), &[SECRET]).is_ok(), is_same);
    }

    #[test]
    fn no_header_panics(id in any::<Option<String>>(), timestamp in any::<Option<String>>(), signature in any::<Option<String>>(), own in any::<Option<String>>(), now in any::<i64>(), tolerance in any::<i64>()) {
        let headers = SignatureHeaders {
            id: id.as_deref(),
            timestamp: timestamp.as_deref(),
            signature: signature.as_deref(),
            own: own.as_deref(),
        };
        let secret = Secret::parse(SECRET).unwrap();
        prop_assert!(verify(BODY, headers, &[secret], now, tolerance).is_err());
    }
}
