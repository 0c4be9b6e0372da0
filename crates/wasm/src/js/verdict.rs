//! What the rules say of a body, as JSON text.

use vouchkey_types::json::{self, Members, Value, push_quoted};
use vouchkey_types::limits::MAX_ERRORS;
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};
use vouchkey_types::session::create::{Context, SentRequest, unknown_field};
use vouchkey_types::session::field;

/// The text of what there is to say of a body: nothing of one that is accepted as it stands, a list
/// of warnings of one that is accepted, and the whole verdict of one that is refused.
pub(super) fn judge([body, _]: [&[u8]; 2], context: &Context<'_>) -> String {
    let request = match read(body) {
        Ok(request) => request,
        Err(problem) => return refusal(&problem, &[]),
    };
    let warnings = warn(&request);
    match request.check(context) {
        Ok(_) if warnings.is_empty() => String::new(),
        Ok(_) => list(&warnings),
        Err(errors) => refusal(&Problem::validation(errors), &warnings),
    }
}

/// The normalised request that an accepted body means.
pub(super) fn normalise([body, _]: [&[u8]; 2], context: &Context<'_>) -> String {
    let text = read(body).ok().and_then(|request| {
        let checked = request.check(context).ok()?;
        Some(checked.to_text())
    });
    text.unwrap_or_default()
}

/// The list of the mistakes of one field; nothing where there are none.
pub(super) fn judge_field([path, value]: [&[u8]; 2], context: &Context<'_>) -> String {
    let path = str::from_utf8(path).unwrap_or_default();
    let mistakes = field::validate(path, value, context);
    if mistakes.is_empty() {
        String::new()
    } else {
        list(&mistakes)
    }
}

/// The request, as the server reads it; an empty body is an empty object.
fn read(body: &[u8]) -> Result<SentRequest<'_>, Problem> {
    let json = if body.is_empty() {
        Value::from(Members::new())
    } else {
        json::read_borrowed(body)
            .map_err(|error| Problem::new(ErrorCode::InvalidJson, error.message()))?
    };
    SentRequest::from_json(json).map_err(|error| Problem::validation(vec![error]))
}

/// A warning for each field that the server ignores, named as sent; as many as it lists errors.
fn warn(request: &SentRequest<'_>) -> Vec<FieldError> {
    let names = request.ignored_fields().into_iter().take(MAX_ERRORS);
    names
        .map(|name| unknown_field(name).at(name.to_owned()))
        .collect()
}

fn refusal(problem: &Problem, warnings: &[FieldError]) -> String {
    // Room for the mistakes of most requests that have some.
    let mut text = String::with_capacity(2_048);
    text.push_str(r#"{"ok":false,"error":"#);
    push_quoted(&mut text, problem.error.as_str());
    text.push_str(r#","detail":"#);
    push_quoted(&mut text, &problem.detail);
    text.push_str(r#","errors":"#);
    push_list(&mut text, &problem.errors);
    text.push_str(r#","warnings":"#);
    push_list(&mut text, warnings);
    text.push('}');
    text
}

fn list(mistakes: &[FieldError]) -> String {
    let mut text = String::new();
    push_list(&mut text, mistakes);
    text
}

fn push_list(text: &mut String, mistakes: &[FieldError]) {
    text.push('[');
    for (index, mistake) in mistakes.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(r#"{"field":"#);
        push_quoted(text, &mistake.field);
        text.push_str(r#","code":"#);
        push_quoted(text, mistake.code.as_str());
        text.push_str(r#","message":"#);
        push_quoted(text, &mistake.message);
        text.push('}');
    }
    text.push(']');
}
