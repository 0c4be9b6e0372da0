//! What the rules say of a body.

use std::borrow::Cow;

use vouchkey_types::json::{self, Members, ReadError, Value};
use vouchkey_types::limits::MAX_ERRORS;
use vouchkey_types::problem::{ErrorCode, FieldError};
use vouchkey_types::session::create::{Context, SentRequest, unknown_field};
use vouchkey_types::session::field;

/// What there is to say of a body: nothing of one that is accepted as it stands.
pub(super) fn judge([body, _]: [&[u8]; 2], context: &Context<'_>) -> Vec<u8> {
    let invalid = ErrorCode::ValidationFailed as usize;
    let request = match read(body).map(SentRequest::from_json) {
        Ok(Ok(request)) => request,
        Ok(Err(mistake)) => return Answer::of(invalid, "", &[mistake], &[]),
        Err(error) => {
            return Answer::of(ErrorCode::InvalidJson as usize, &error.message(), &[], &[]);
        }
    };
    let warnings = warn(&request);
    match request.check(context) {
        Ok(_) => remarks(&[], &warnings),
        Err(mistakes) => Answer::of(invalid, "", &mistakes, &warnings),
    }
}

/// The normalised request that an accepted body means.
pub(super) fn normalise([body, _]: [&[u8]; 2], context: &Context<'_>) -> Vec<u8> {
    let text = read(body).ok().and_then(|json| {
        let request = SentRequest::from_json(json).ok()?;
        let checked = request.check(context).ok()?;
        Some(checked.to_text())
    });
    text.unwrap_or_default().into_bytes()
}

/// The mistakes of one field; nothing where there are none.
pub(super) fn judge_field([path, value]: [&[u8]; 2], context: &Context<'_>) -> Vec<u8> {
    let path = str::from_utf8(path).unwrap_or_default();
    remarks(&field::validate(path, value, context), &[])
}

/// What is said without a refusal, if anything.
fn remarks(mistakes: &[FieldError], warnings: &[FieldError]) -> Vec<u8> {
    if mistakes.is_empty() && warnings.is_empty() {
        Vec::new()
    } else {
        Answer::of(usize::MAX, "", mistakes, warnings)
    }
}

/// The body, as the server reads it; an empty one is an empty object.
fn read(body: &[u8]) -> Result<Value<'_>, ReadError> {
    if body.is_empty() {
        Ok(Members::new().into())
    } else {
        json::read_borrowed(body)
    }
}

/// A warning for each field that the server ignores, named as sent; as many as it lists errors.
fn warn(request: &SentRequest<'_>) -> Vec<FieldError> {
    let names = request.ignored_fields().into_iter().take(MAX_ERRORS);
    names
        .map(|name| unknown_field(name).at(name.to_owned()))
        .collect()
}

/// An answer in numbers, which JavaScript reads faster than JSON: little-endian, four bytes
/// each, and behind them the texts that were made for this answer, in UTF-8, one behind the other.
///
/// First how many mistakes there are and how many warnings; the code of a refusal, or a number that
/// is none, and its detail, which is empty where it tells the first mistake and counts the others, as
/// `Problem::validation` says; then of each mistake and warning the field, the code and the message. A
/// code is its place in the closed list. A text is two numbers: of one that the module holds itself
/// its address and its length in bytes, so that it has to be read only once; of one behind the
/// numbers where it begins there and how long it is, in the units of UTF-16, all bits of that turned.
struct Answer {
    numbers: Vec<[u8; 4]>,
    texts: String,
    /// How long the texts are, in units of UTF-16.
    units: usize,
}

impl Answer {
    fn of(code: usize, detail: &str, mistakes: &[FieldError], warnings: &[FieldError]) -> Vec<u8> {
        let mut answer = Self {
            // Room for what most requests get that get anything.
            numbers: Vec::with_capacity(256),
            texts: String::with_capacity(512),
            units: 0,
        };
        answer.number(mistakes.len());
        answer.number(warnings.len());
        answer.number(code);
        answer.made(detail);
        for mistake in mistakes.iter().chain(warnings) {
            answer.text(&mistake.field);
            answer.number(mistake.code as usize);
            answer.text(&mistake.message);
        }
        let mut bytes = answer.numbers.into_flattened();
        bytes.extend_from_slice(answer.texts.as_bytes());
        bytes
    }

    #[expect(
        clippy::ptr_arg,
        reason = "what is borrowed stands in the module itself"
    )]
    fn text(&mut self, text: &Cow<'static, str>) {
        match text {
            Cow::Borrowed(known) => {
                self.number(known.as_ptr().expose_provenance());
                self.number(known.len());
            }
            Cow::Owned(made) => self.made(made),
        }
    }

    fn made(&mut self, text: &str) {
        // What begins a character, and once more what begins one that takes two units.
        let units = |byte: u8| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0);
        let length: usize = text.bytes().map(units).sum();
        self.texts.push_str(text);
        self.number(self.units);
        self.number(!length);
        self.units += length;
    }

    fn number(&mut self, number: usize) {
        // Addresses and lengths of a memory of 32 bits.
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.numbers.push(number.to_le_bytes());
    }
}
