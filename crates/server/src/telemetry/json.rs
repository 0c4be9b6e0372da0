//! Lines of the log as JSON objects, as `tracing-subscriber` writes them: the time and the level, what is told, and where
//! it comes from. A line a request is a good part of what a read costs; these are written in one go, where that crate's
//! come out of a serializer for any format. They leave out the spans around them, which are for a collector.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use vouchkey_types::json::push_quoted;

/// About the length of a line.
const USUAL: usize = 512;

/// The format of the log where no terminal is.
#[derive(Debug)]
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let mut line = Line {
            text: String::with_capacity(USUAL),
            printed: String::new(),
            target: None,
        };
        line.text.push_str(r#"{"timestamp":""#);
        SystemTime.format_time(&mut Writer::new(&mut line.text))?;
        line.text.push_str(r#"","level":""#);
        line.text.push_str(about.level().as_str());
        line.text.push('"');
        event.record(&mut line);
        let target = line.target.take();
        line.text.push_str(r#","target":"#);
        push_quoted(&mut line.text, target.as_deref().unwrap_or(about.target()));
        line.text.push_str("}\n");
        writer.write_str(&line.text)
    }
}

/// A line that is being written.
struct Line {
    text: String,
    /// What is only known by how it prints.
    printed: String,
    /// Where it comes from, if it came by the `log` crate, which knows that only when it happens.
    target: Option<String>,
}

impl Line {
    /// Begins a member, unless it is about the line itself.
    fn member(&mut self, field: &Field) -> bool {
        let is_told = !field.name().starts_with("log.");
        if is_told {
            self.text.push(',');
            push_quoted(&mut self.text, field.name());
            self.text.push(':');
        }
        is_told
    }

    fn print(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if self.member(field) {
            // Nothing refuses to be written to a text but what prints itself, and that is left as it is.
            let _ = self.text.write_fmt(value);
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.print(field, format_args!("{value:?}"));
        } else {
            self.print(field, format_args!("null"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.print(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.print(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.print(field, format_args!("{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            self.target = Some(value.to_owned());
        } else if self.member(field) {
            push_quoted(&mut self.text, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.member(field) {
            self.printed.clear();
            let _ = write!(self.printed, "{value:?}");
            push_quoted(&mut self.text, &self.printed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer, Registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Page {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// The lines that this layer writes.
    fn lines(layer: impl Layer<Registry> + Send + Sync + 'static, page: &Page) -> Vec<Value> {
        tracing::subscriber::with_default(Registry::default().with(layer), tell);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let read = |line: &str| {
            let mut line: Value = serde_json::from_str(line).expect(line);
            let time = line["timestamp"].take();
            let time = time.as_str().unwrap();
            assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
            line
        };
        text.lines().map(read).collect()
    }

    fn tell() {
        struct Odd;
        impl Debug for Odd {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"odd\"\n\\ \u{1b}[31m \u{1f}é")
            }
        }
        let error = io::Error::other("it \"failed\"");
        tracing::info!(
            method = %"GET",
            status = 200_u16,
            duration_ms = 5.158,
            organization = Some("org_1"),
            actor = None::<String>,
            "answered"
        );
        tracing::warn!(low = i64::MIN, high = u64::MAX, is_odd = true, odd = ?Odd, "a {} line", 2);
        tracing::error!(%error, cause = &error as &dyn std::error::Error, text = "\"\\\u{7}\u{2028}é", "");
        tracing::info!(whole = 5.0, small = 1e-9, large = 1e300, negative = -0.5);
        tracing::debug!(target: "elsewhere", nothing = f64::NAN);
    }

    #[test]
    fn lines_are_those_of_the_library() {
        let (ours, theirs) = (Page::default(), Page::default());
        let layer = || tracing_subscriber::fmt::layer();
        let written = lines(
            layer().event_format(JsonLines).with_writer(ours.clone()),
            &ours,
        );
        let expected = lines(
            layer()
                .json()
                .flatten_event(true)
                .with_writer(theirs.clone()),
            &theirs,
        );
        assert_eq!(written.len(), 5);
        assert_eq!(written, expected);
    }

    #[test]
    fn what_comes_by_the_log_crate_tells_where_it_comes_from() {
        let page = Page::default();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(JsonLines)
            .with_writer(page.clone());
        tracing::subscriber::with_default(Registry::default().with(layer), || {
            tracing::info!(log.target = "mail", log.line = 7, log.file = ?"x", "sent");
        });
        let told: Value = serde_json::from_slice(&page.0.lock().unwrap()).unwrap();
        assert_eq!(told["target"], "mail");
        assert_eq!(told["message"], "sent");
        assert_eq!(told.as_object().unwrap().len(), 4);
    }
}
