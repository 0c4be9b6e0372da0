//! Asks the module as the npm package's face does: by its memory. Part of every test of it.

use js_sys::{Uint8Array, WebAssembly::Memory};
use vouchkey_types::json::{Json, read_answer};
use vouchkey_types::object;
use vouchkey_types::problem::{ErrorCode, FieldCode, FieldError, Problem};
use vouchkey_wasm::js;
use wasm_bindgen::JsCast;

fn view(address: usize, length: usize) -> Uint8Array {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let place = |number: usize| u32::try_from(number).expect("an address");
    Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), place(address), place(length))
}

/// Writes the parts, one behind the other.
pub(crate) fn put(parts: &[&[u8]]) {
    let all = parts.concat();
    view(js::reserve(all.len()), all.len()).copy_from(&all);
}

/// An answer of so many bytes.
pub(crate) fn answer(length: i32) -> Vec<u8> {
    let length = usize::try_from(length).expect("an answer");
    view(js::outbox(), length).to_vec()
}

fn json(length: i32) -> Json {
    read_answer(&answer(length)).expect("JSON")
}

/// Reads an answer in numbers, and the texts behind them.
struct Told {
    numbers: std::vec::IntoIter<usize>,
    texts: Vec<u16>,
    /// How much of the texts was read.
    read: usize,
}

impl Told {
    fn number(&mut self) -> usize {
        self.numbers.next().expect("a number")
    }

    fn text(&mut self) -> String {
        let (place, length) = (self.number(), self.number());
        if length < 1 << 31 {
            return String::from_utf8(view(place, length).to_vec()).expect("a text of the module");
        }
        assert_eq!(place, self.read, "texts one behind the other");
        self.read += !length;
        String::from_utf16(&self.texts[place..self.read]).expect("whole characters")
    }

    fn remarks(&mut self, count: usize) -> Json {
        let remark = |_| {
            let (field, code, message) = (self.text(), self.number(), self.text());
            let code = FieldCode::ALL[code].as_str();
            object! { "field": field, "code": code, "message": message }.into()
        };
        Json::Array((0..count).map(remark).collect())
    }
}

/// What an answer of so many bytes says: the code and the detail of a refusal, the mistakes, the
/// warnings.
pub(crate) fn told(length: i32) -> (Option<(ErrorCode, String)>, Json, Json) {
    let bytes = answer(length);
    let count = |at: usize| usize::from(bytes[at]) + 256 * usize::from(bytes[at + 1]);
    let (mistakes, warnings) = (count(0), count(4));
    let (numbers, texts) = bytes.split_at(20 * (1 + mistakes + warnings));
    let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
    let numbers: Vec<usize> = numbers.as_chunks().0.iter().map(number).collect();
    let mut told = Told {
        numbers: numbers.into_iter(),
        texts: str::from_utf8(texts)
            .expect("texts")
            .encode_utf16()
            .collect(),
        read: 0,
    };
    assert_eq!((told.number(), told.number()), (mistakes, warnings));
    let code = ErrorCode::ALL.get(told.number()).copied();
    let mut detail = told.text();
    let lists = (told.remarks(mistakes), told.remarks(warnings));
    if detail.is_empty() {
        let errors = lists.0.as_array().unwrap_or_default().iter();
        detail = Problem::validation(errors.filter_map(FieldError::from_json).collect()).detail;
    }
    assert_eq!(
        told.read,
        told.texts.len(),
        "a text that belongs to nothing"
    );
    (code.map(|code| (code, detail)), lists.0, lists.1)
}

/// The verdict of a body, as `validateCreateSessionJson` gives it, or the number that says what is
/// wrong with the context.
pub(crate) fn judge(body: &[u8], context: &str, now_ms: f64) -> Result<Json, i32> {
    put(&[context.as_bytes(), body]);
    let said = js::judge(context.len(), body.len(), now_ms);
    if said < 0 {
        return Err(said);
    }
    let (refusal, errors, warnings) = match said {
        0 => (None, Json::Null, Json::Array(Vec::new())),
        said => told(said),
    };
    if let Some((code, detail)) = refusal {
        let refused = object! {
            "ok": false, "error": code.as_str(), "detail": detail, "errors": errors, "warnings": warnings,
        };
        return Ok(refused.into());
    }
    let value = json(js::normalise(context.len(), body.len(), now_ms));
    Ok(object! { "ok": true, "value": value, "warnings": warnings }.into())
}
