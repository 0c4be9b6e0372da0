//! The envelope in which other platforms' programs send a request (decisions, "Names on the wire").

use crate::json::Value;

/// Opens the envelope `{"data":{"attributes":{…}}}`, once; what stands beside is dropped. Anything
/// else is given back as it is.
///
/// The paths in which the envelope itself repeats a member are the second value.
pub(crate) fn open_envelope(body: Value<'_>) -> (Value<'_>, Vec<&'static str>) {
    let mut repeated = Vec::new();
    let is_envelope = body
        .get("data")
        .and_then(|data| data.get("attributes"))
        .is_some_and(|inner| inner.as_object().is_some());
    if !is_envelope {
        return (body, repeated);
    }
    let mut opened = body;
    for (name, path) in [("data", "data"), ("attributes", "data.attributes")] {
        let Value::Object(outer) = opened else {
            break;
        };
        // The first one, which is there.
        opened = Value::Null;
        let mut count = 0;
        for (_, value) in outer
            .into_members()
            .into_iter()
            .filter(|(key, _)| key == name)
        {
            count += 1;
            if count == 1 {
                opened = value;
            }
        }
        if count > 1 {
            repeated.push(path);
        }
    }
    (opened, repeated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    #[test]
    fn the_envelope_is_opened_once() {
        let open = |text: &str| {
            let (inner, repeated) = open_envelope(read(text.as_bytes()).unwrap());
            (inner.to_text(), repeated)
        };
        assert_eq!(
            open(r#"{"data":{"type":"x","attributes":{"a":1}},"meta":2}"#),
            (r#"{"a":1}"#.into(), vec![])
        );
        assert_eq!(
            open(r#"{"data":{"attributes":{"data":{"attributes":{}}}}}"#).0,
            r#"{"data":{"attributes":{}}}"#
        );
        assert_eq!(
            open(r#"{"data":{"attributes":[]}}"#).0,
            r#"{"data":{"attributes":[]}}"#
        );
        assert_eq!(
            open(r#"{"data":{"attributes":{}},"data":1}"#).1,
            vec!["data"]
        );
        assert_eq!(open("[]").0, "[]");
    }
}
