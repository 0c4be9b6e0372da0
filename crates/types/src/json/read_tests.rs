use super::*;
use crate::json::Number;
use proptest::prelude::*;

fn fails(text: &str) -> (ReadErrorKind, usize, usize) {
    let error = read(text.as_bytes()).unwrap_err();
    (error.kind, error.line, error.column)
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    use ReadErrorKind::*;
    assert_eq!(fails(""), (UnexpectedEnd, 1, 1));
    assert_eq!(fails("{\n  \"a\": x}"), (UnexpectedCharacter, 2, 8));
    assert_eq!(fails("{\"é\": }"), (UnexpectedCharacter, 1, 7));
    assert_eq!(fails("{\"a\":1"), (UnexpectedEnd, 1, 7));
    assert_eq!(fails("{\"a\":1,}"), (UnexpectedCharacter, 1, 8));
    assert_eq!(fails("[1 2]"), (UnexpectedCharacter, 1, 4));
    assert_eq!(fails("{} {}"), (TrailingCharacters, 1, 4));
    assert_eq!(fails("\u{feff}{}"), (ByteOrderMark, 1, 1));
    assert_eq!(fails("\"a\nb\""), (ControlCharacter, 1, 3));
    assert_eq!(fails(r#""\x""#), (InvalidEscape, 1, 2));
    assert_eq!(fails(r#""\u12g4""#), (InvalidEscape, 1, 2));
    assert_eq!(fails(r#""\ud83d""#), (LoneSurrogate, 1, 2));
    assert_eq!(fails(r#""\udc00\ud83d""#), (LoneSurrogate, 1, 2));
    assert_eq!(fails(r#""\ud83d\u0041""#), (LoneSurrogate, 1, 2));
    assert_eq!(fails("01"), (InvalidNumber, 1, 1));
    assert_eq!(fails("-"), (InvalidNumber, 1, 1));
    assert_eq!(fails("1."), (InvalidNumber, 1, 1));
    assert_eq!(fails("[1e400]"), (NumberOutOfRange, 1, 2));
    assert_eq!(fails("nul"), (UnexpectedEnd, 1, 4));
    assert_eq!(read(b"{\"a\":\"\xff\"}").unwrap_err().kind, InvalidUtf8);
}

#[test]
fn surrogate_pairs_and_escapes_are_characters() {
    assert_eq!(
        read(br#""\ud83d\ude00\u00e9\n\/""#).unwrap(),
        Json::from("😀é\n/")
    );
}

#[test]
fn integers_are_exact_and_larger_ones_are_doubles() {
    assert_eq!(
        read(b"9223372036854775807").unwrap(),
        Json::Number(Number::I64(i64::MAX))
    );
    assert_eq!(
        read(b"-9223372036854775808").unwrap(),
        Json::Number(Number::I64(i64::MIN))
    );
    assert_eq!(
        read(b"18446744073709551615").unwrap(),
        Json::Number(Number::U64(u64::MAX))
    );
    assert_eq!(
        read(b"18446744073709551616").unwrap(),
        Json::Number(Number::F64(18_446_744_073_709_551_616.0))
    );
    assert_eq!(read(b"1e2").unwrap(), Json::Number(Number::F64(100.0)));
}

#[test]
fn depth_counts_to_32_and_not_the_envelope() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(32).as_bytes()).is_ok());
    assert_eq!(fails(&nested(33)), (ReadErrorKind::TooDeep, 1, 33));
    assert!(read_answer(nested(40).as_bytes()).is_ok());
    let enveloped = |depth: usize| {
        format!(
            r#"{{"data":{{"attributes":{{"a":{}}}}}}}"#,
            nested(depth - 1)
        )
    };
    assert!(read(enveloped(32).as_bytes()).is_ok());
    assert!(read(enveloped(33).as_bytes()).is_err());
    let listed = |depth| format!(r#"{{"data":{{"attributes":{}}}}}"#, nested(depth));
    assert!(read(listed(30).as_bytes()).is_ok());
    assert!(read(listed(31).as_bytes()).is_err());
    let beside = |depth| format!(r#"{{"data":{{"other":{}}}}}"#, nested(depth));
    assert!(read(beside(30).as_bytes()).is_ok());
    assert!(read(beside(31).as_bytes()).is_err());
    assert!(read(nested(1_000_000).as_bytes()).is_err());
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(|f| Json::Number(Number::F64(f))),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Json::Array),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any_json()) {
        prop_assert_eq!(read(value.to_text().as_bytes()), Ok(value));
    }

    #[test]
    fn canonical_text_reads_back_as_the_same_canonical_text(value in any_json()) {
        let canonical = value.canonical();
        let again = read(canonical.as_bytes()).unwrap().canonical();
        prop_assert_eq!(again, canonical);
    }

    #[test]
    fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_text_of_json_characters_panics(text in r#"[\[\]{}":,\\0-9.eEu\-+ntf a]{0,60}"#) {
        let _ = read(text.as_bytes());
    }
}
