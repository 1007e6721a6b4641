//! Pure presentation shared by tray, notifications and command line: the words for what the core decides.
//!
//! Words are sentences: what happened, then what to do. No exclamation marks, no bare codes; what a server said is
//! quoted as its own. Nothing here reads a clock or a locale: times come with `now` and the zone to show them in.

mod choice;
mod delivery;
mod headline;
mod held;
mod icon;
mod menu;
mod notice;
mod page;
mod plan;
mod problem;
mod quit;
mod remedy;
mod status;
mod time;
mod tooltip;

pub use choice::{Choice, Length, NoSuchChoice, Request};
pub use delivery::{cause, causes, event, state};
pub use headline::{answer, delivery_line, failures, headline, unscanned};
pub use held::{battery, held};
pub use icon::{Icon, icon};
pub use menu::{Item, Menu, menu};
pub(crate) use notice::{
    Text, arrived, digest, offline, problem_notice, reports_notice, subnets_notice,
};
pub use page::{NoSuchPage, Page, Section};
pub use plan::{cannot_see, left_out, refusal, rights, standing, standing_name};
pub use problem::{Said, Words, words, words_with};
pub use quit::{quit, quit_label};
pub(crate) use remedy::is_about_setup;
pub use remedy::{Remedy, brief, foremost, needs_setup, remedy, remedy_in};
pub use status::{Status, status, time_left};
pub use time::{age, countdown, duration, when, when_exactly};
pub use tooltip::tooltip;

use crate::{host::Mac, ids::SubnetId, snapshot::Snapshot};

/// A number with thousands separators: `1,022`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 host`, `1,022 hosts`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A MAC as people read it: lower case, with colons.
pub fn mac(mac: Mac) -> String {
    mac.to_string().to_lowercase()
}

/// Longest quotation of a server's words, in characters.
const QUOTE: usize = 300;

/// A server's words, fit to be shown: without markup and control characters, on one line, not too long.
///
/// `None` if nothing is left to be quoted.
pub fn quote(words: &str) -> Option<String> {
    let words = if words.trim_start().starts_with('<') {
        without_tags(words)
    } else {
        words.to_owned()
    };
    plain(&words, QUOTE)
}

/// A text from elsewhere, fit to be shown on one line: without characters that can't be seen or that turn the text around
/// them, and with at most `most` characters (and `…`). `None` if nothing is left.
pub fn plain(text: &str, most: usize) -> Option<String> {
    let clean: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_unseen(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return None;
    }
    if line.chars().count() <= most {
        return Some(line);
    }
    let kept: String = line.chars().take(most).collect();
    Some(format!("{}…", kept.trim_end()))
}

/// How a subnet is called in few words: by its description, or by its network where it has none.
pub fn place(description: &str, cidr: &str) -> String {
    plain(description, PLACE)
        .or_else(|| plain(cidr, PLACE))
        .unwrap_or_else(|| "A subnet".to_owned())
}

/// How a subnet of a snapshot is called, if it has it.
fn place_of_subnet(snapshot: &Snapshot, id: SubnetId) -> Option<String> {
    let subnet = snapshot.subnets.iter().find(|subnet| subnet.id == id)?;
    Some(place(&subnet.description, &subnet.cidr))
}

/// `3 unknown, 1 missing, 2 mismatches`, without those that are none; `None` if all are.
pub(crate) fn exceptions(unknown: u32, missing: u32, mismatch: u32) -> Option<String> {
    let parts: Vec<String> = [
        (unknown, "unknown", "unknown"),
        (missing, "missing", "missing"),
        (mismatch, "mismatch", "mismatches"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many)| count(u64::from(n), one, many))
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Longest name of a place, in characters.
const PLACE: usize = 45;

/// Characters that turn the direction of the text around them, with which a server could make a sentence read otherwise, and
/// others that take no room and could hide something.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text of an error page. No parser: it only has to be readable.
fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_022, "1,022"),
            (65_536, "65,536"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(number(n), text, "groups of three from the right");
        }
        assert_eq!(count(1, "host", "hosts"), "1 host", "one is singular");
        assert_eq!(count(0, "host", "hosts"), "0 hosts", "none is plural");
    }

    #[test]
    fn macs_are_lower_case() {
        assert_eq!(
            mac("02:77:00:AA:00:01".parse().unwrap()),
            "02:77:00:aa:00:01",
            "as the design guide has it"
        );
    }

    #[test]
    fn a_servers_words_stay_on_one_line_and_end() {
        assert_eq!(
            quote("  Invalid\r\nauthorization\ttoken \u{202e}").as_deref(),
            Some("Invalid authorization token"),
            "control characters could write over a terminal's screen"
        );
        assert_eq!(
            quote("<html><body><h1>502 Bad Gateway</h1></body></html>").as_deref(),
            Some("502 Bad Gateway"),
            "a page is quoted by its text"
        );
        assert_eq!(quote(" \n"), None, "silence is not quoted");
        assert_eq!(
            quote(&"x".repeat(5_000)).map(|text| text.chars().count()),
            Some(QUOTE + 1),
            "a page of words hides the sentence before it"
        );
    }
}
