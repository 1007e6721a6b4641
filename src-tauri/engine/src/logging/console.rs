//! Standard error: plain lines for people, and lines with priorities for the journal.

use std::{fmt, io, io::Write};

use fieldscan_core::settings::LogLevel;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

use super::{file::one_line, redact::Redactor};

/// How standard error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Console {
    /// How much.
    pub level: LogLevel,
    /// For the journal: no times, and `<6>` and the like before each line (see sd-daemon(3)).
    pub journal: bool,
}

impl Console {
    /// As fits where standard error goes: systemd sets `JOURNAL_STREAM` for what it connects with its journal.
    pub fn new(level: LogLevel) -> Self {
        Self {
            level,
            journal: std::env::var_os("JOURNAL_STREAM").is_some_and(|value| !value.is_empty()),
        }
    }
}

/// The priority of a line in the journal, before the line that `Format` makes.
pub(super) struct JournalFormat(pub(super) Format<Full, ()>);

impl<S, N> FormatEvent<S, N> for JournalFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// As syslog counts: 3 error, 4 warning, 6 informational, 7 debug.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// Standard error, without secrets.
#[derive(Debug, Clone)]
pub(super) struct StandardError(pub(super) Redactor);

impl<'a> MakeWriter<'a> for StandardError {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for StandardError {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&self.0.text(&String::from_utf8_lossy(event)));
        // Nobody may be listening. That is no reason to fail, and there is nobody to tell.
        let _ = io::stderr().write_all(line.as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::{fmt, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_journal_gets_priorities_and_no_times() {
        let kept = Kept::default();
        let writer = kept.clone();
        let format = fmt::format()
            .with_ansi(false)
            .with_level(false)
            .without_time();
        let layer = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(JournalFormat(format));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::error!(target: "fieldscan", "a");
            tracing::warn!(target: "fieldscan", "b");
            tracing::info!(target: "fieldscan", "c");
            tracing::debug!(target: "fieldscan", "d");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text, "<3>fieldscan: a\n<4>fieldscan: b\n<6>fieldscan: c\n<7>fieldscan: d\n",
            "the journal has its own times and filters by priority"
        );
    }
}
