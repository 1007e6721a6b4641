//! Reads the log back, for a person to look at.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use fieldscan_core::settings::LogLevel;
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use super::FILE_NAME;

/// As much of the log's end is looked at, in bytes.
const END: u64 = 1 << 20;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "LogLine")]
pub struct Line {
    /// Rises from line to line: the time in microseconds, or one more than the line before.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// How grave.
    pub level: LogLevel,
    /// The part of the program that says it.
    pub target: String,
    /// What it says.
    pub text: String,
}

/// The newest lines of at least this gravity after the one with that number, the oldest first, `most` at the most.
///
/// # Errors
/// If there is a log that can't be read.
pub fn lines(folder: &Path, level: LogLevel, after: i64, most: usize) -> io::Result<Vec<Line>> {
    let mut text = String::new();
    for name in [format!("{FILE_NAME}.1"), FILE_NAME.to_owned()] {
        text += &end_of(&folder.join(name))?;
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut last = i64::MIN;
    for line in text.lines().filter_map(parse) {
        last = line.number.max(last.saturating_add(1));
        if line.level <= level && last > after {
            lines.push(Line {
                number: last,
                ..line
            });
        }
    }
    let skip = lines.len().saturating_sub(most);
    lines.drain(..skip);
    Ok(lines)
}

fn end_of(file: &Path) -> io::Result<String> {
    let mut file = match fs::File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    file.take(END).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match length > END {
        // It begins somewhere in a line.
        true => text
            .split_once('\n')
            .map_or_else(String::new, |(_, rest)| rest.to_owned()),
        false => text,
    })
}

/// `TIME LEVEL target: text`, as `tracing-subscriber` writes it. Lines of another form are left out.
fn parse(line: &str) -> Option<Line> {
    let (at, rest) = line.split_once(' ')?;
    let at: Timestamp = at.parse().ok()?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let level = match level {
        "ERROR" => LogLevel::Error,
        "WARN" => LogLevel::Warn,
        "INFO" => LogLevel::Info,
        "DEBUG" => LogLevel::Debug,
        _ => return None,
    };
    let (target, text) = rest.split_once(": ")?;
    Some(Line {
        number: at.as_microsecond(),
        at,
        level,
        target: target.to_owned(),
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let line = "2026-03-11T14:00:00.000001Z  INFO fieldscan_engine::run: run 7: begun";
        assert_eq!(
            parse(line),
            Some(Line {
                number: 1_773_237_600_000_001,
                at: "2026-03-11T14:00:00.000001Z".parse().unwrap(),
                level: LogLevel::Info,
                target: "fieldscan_engine::run".to_owned(),
                text: "run 7: begun".to_owned(),
            })
        );
        assert_eq!(parse("(lines missing here: 3)"), None, "no line of the log");
    }

    #[test]
    fn newer_lines_come_with_higher_numbers_and_none_twice() {
        let folder = tempfile::tempdir().unwrap();
        let at = "2026-03-11T14:00:00.000001Z";
        fs::write(
            folder.path().join(format!("{FILE_NAME}.1")),
            format!("{at}  WARN a: one\n{at} DEBUG a: two\n"),
        )
        .unwrap();
        fs::write(
            folder.path().join(FILE_NAME),
            format!("{at} ERROR b: three\n{at}  INFO b: four\n"),
        )
        .unwrap();
        let texts = |level, after, most| {
            let lines = lines(folder.path(), level, after, most).unwrap();
            lines
                .iter()
                .map(|line| line.text.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(LogLevel::Info, 0, 10), ["one", "three", "four"]);
        assert_eq!(
            texts(LogLevel::Debug, 0, 2),
            ["three", "four"],
            "the newest"
        );
        let first = lines(folder.path(), LogLevel::Debug, 0, 10).unwrap();
        let after = first[1].number;
        assert_eq!(texts(LogLevel::Debug, after, 10), ["three", "four"]);
        assert_eq!(
            lines(Path::new("/nonexistent"), LogLevel::Info, 0, 1).unwrap(),
            [],
            "nothing was logged yet"
        );
    }
}
