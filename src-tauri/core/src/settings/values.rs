//! How each kind of value is read and written, whatever key it stands at.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use ipnetwork::IpNetwork;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use url::Url;

use super::{
    mistake::{Expected, Position},
    yaml::{Node, What, show},
};
use crate::schedule::Schedule;

/// Why a value can't be taken. What is left out is filled in from the node and the table of keys.
#[derive(Default)]
pub(super) struct Fault {
    pub(super) found: Option<String>,
    pub(super) expected: Option<Expected>,
    pub(super) at: Option<Position>,
}

impl Fault {
    fn found(found: impl Into<String>) -> Self {
        Self {
            found: Some(found.into()),
            ..Self::default()
        }
    }
}

/// The shortest interval between two scheduled runs.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest duration that any key takes: ten years. It keeps all arithmetic on times in range.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// A scalar's text without the white space around it; `None` for nothing.
pub(super) fn scalar(node: &Node) -> Result<Option<&str>, Fault> {
    match &node.what {
        What::Nothing => Ok(None),
        What::Text { text, .. } => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        What::List(_) | What::Map(_) | What::Alias | What::Tagged(_) => Err(Fault::default()),
    }
}

/// One line of text without control characters.
pub(super) fn line(node: &Node) -> Result<Option<String>, Fault> {
    match scalar(node)? {
        Some(text) if text.contains(char::is_control) => {
            Err(Fault::found("text with line breaks or control characters"))
        }
        Some(text) if text.contains("{{") => Err(Fault::found("an Ansible expression (`{{ … }}`)")),
        text => Ok(text.map(str::to_owned)),
    }
}

/// A name that stands in a URL's path: no white space and none of `/?#%`.
pub(super) fn name(node: &Node) -> Result<Option<String>, Fault> {
    match line(node)? {
        Some(text) if text.contains(|c: char| c.is_whitespace() || "/?#%\\".contains(c)) => {
            Err(Fault::default())
        }
        text => Ok(text),
    }
}

pub(super) fn absolute_path(node: &Node) -> Result<Option<PathBuf>, Fault> {
    match line(node)?.map(PathBuf::from) {
        Some(path) if !path.is_absolute() => Err(Fault::default()),
        path => Ok(path),
    }
}

pub(super) fn yes_no(node: &Node) -> Result<Option<bool>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Fault::default()),
    }
}

/// A whole number in a range.
pub(super) fn number(
    node: &Node,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Fault::default()),
        },
    }
}

/// Seconds, up to ten years either way.
pub(super) fn offset(node: &Node) -> Result<Option<i64>, Fault> {
    let longest = i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX);
    number(node, -longest..=longest)
}

/// One of a few words.
pub(super) fn choice<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some(text) => match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(Fault::default()),
        },
    }
}

/// A duration with units, in whole seconds.
pub(super) fn duration(node: &Node) -> Result<Option<Duration>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some(text) => duration_of(text).map(Some),
    }
}

/// A duration with units, or a bare number of seconds.
pub(super) fn seconds(node: &Node) -> Result<Option<Duration>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some(text) => match text.parse::<u64>() {
            Ok(seconds) if seconds <= LONGEST.as_secs() => Ok(Some(Duration::from_secs(seconds))),
            Ok(_) => Err(Fault::found(format!("{}, over ten years", show(text)))),
            Err(_) => duration_of(text).map(Some),
        },
    }
}

fn duration_of(text: &str) -> Result<Duration, Fault> {
    let duration = humantime::parse_duration(text).map_err(|_| Fault::default())?;
    if text != "0" && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::found(format!("{} without a unit", show(text))));
    }
    if duration.subsec_nanos() != 0 {
        return Err(Fault::found(format!("{}, parts of a second", show(text))));
    }
    if duration > LONGEST {
        return Err(Fault::found(format!("{}, over ten years", show(text))));
    }
    Ok(duration)
}

/// As [`duration`] reads it: `90 days`, `1 h 30 min`, `0 s`.
pub(super) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86_400, "days"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| match (count, *unit) {
            (1, "days") => "1 day".to_owned(),
            (count, unit) => format!("{count} {unit}"),
        })
        .collect();
    match words.is_empty() {
        true => "0 s".to_owned(),
        false => words.join(" "),
    }
}

/// `off`, an interval or a cron expression.
pub(super) fn schedule(node: &Node) -> Result<Option<Schedule>, Fault> {
    let Some(text) = scalar(node)? else {
        return Ok(None);
    };
    // Readers of YAML 1.1 write `off` as `false`.
    let bare = matches!(&node.what, What::Text { plain: true, .. });
    if text.eq_ignore_ascii_case("off") || (bare && text == "false") {
        return Ok(Some(Schedule::Off));
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    // A bare number means minutes: no other unit makes sense for it.
    if let Ok(minutes) = text.parse::<u64>()
        && minutes > 0
    {
        return match minutes.checked_mul(60).map(Duration::from_secs) {
            Some(every) if every <= LONGEST => Ok(Some(Schedule::Every(every))),
            Some(_) | None => Err(Fault::found(format!("{}, over ten years", show(text)))),
        };
    }
    if humantime::parse_duration(text).is_ok() || fields.len() < 5 {
        let every = duration_of(text)?;
        if every < SHORTEST {
            return Err(Fault::found(format!("{}, under 1 min", show(text))));
        }
        return Ok(Some(Schedule::Every(every)));
    }
    if fields.len() > 6 {
        return Err(Fault::found(format!(
            "{}, {} fields",
            show(text),
            fields.len()
        )));
    }
    // With seconds, one of them: otherwise it would run more than once a minute.
    if fields.len() == 6 && fields[0].parse::<u8>().is_err() {
        return Err(Fault::found(format!(
            "{}, more than once a minute",
            show(text)
        )));
    }
    let text = fields.join(" ");
    match croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Optional)
        .year(croner::parser::Year::Disallowed)
        .build()
        .parse(&text)
    {
        Ok(cron) if comes(&cron) => Ok(Some(Schedule::Cron(text))),
        Ok(_) => Err(Fault::found(format!(
            "{}, a date that never comes",
            show(&text)
        ))),
        Err(error) => Err(Fault::found(format!("{} ({error})", show(&text)))),
    }
}

/// Whether the expression names any time at all; `0 0 30 2 *` doesn't.
fn comes(cron: &croner::Cron) -> bool {
    let leap_year = jiff::civil::date(2024, 1, 1).to_zoned(TimeZone::UTC);
    leap_year.is_ok_and(|start| cron.find_next_occurrence(&start, true).is_ok())
}

pub(super) fn schedule_text(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Off => "off".to_owned(),
        Schedule::Every(every) => duration_text(*every),
        Schedule::Cron(expression) => expression.clone(),
    }
}

/// An IANA name, from the database that is built in: the same on every machine.
pub(super) fn time_zone(node: &Node) -> Result<Option<TimeZone>, Fault> {
    match scalar(node)? {
        None => Ok(None),
        Some(text) => match TimeZoneDatabase::bundled().get(text) {
            Ok(zone) if zone.iana_name().is_some() => Ok(Some(zone)),
            _ => Err(Fault::default()),
        },
    }
}

/// A list of networks, or a text with commas between them. Each must be written as a network, without host bits; one that is
/// named twice counts once.
pub(super) fn networks(node: &Node) -> Result<Option<Vec<IpNetwork>>, Fault> {
    let all: Vec<IpNetwork> = match &node.what {
        What::List(items) => items.iter().map(listed).collect::<Result<_, _>>()?,
        _ => match scalar(node)? {
            None => return Ok(None),
            Some(text) => text
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map(network)
                .collect::<Result<_, _>>()?,
        },
    };
    let mut seen = BTreeSet::new();
    Ok(Some(
        all.into_iter()
            .filter(|network| seen.insert(*network))
            .collect(),
    ))
}

fn listed(item: &Node) -> Result<IpNetwork, Fault> {
    let text = scalar(item)?.ok_or_else(Fault::default);
    text.and_then(network).map_err(|fault| Fault {
        at: item.at,
        found: fault.found.or_else(|| Some(item.describe())),
        ..fault
    })
}

fn network(text: &str) -> Result<IpNetwork, Fault> {
    let network: IpNetwork = text.parse().map_err(|_| Fault::found(show(text)))?;
    if network.prefix() == 0 {
        return Err(Fault::found(format!(
            "{}, every address there is",
            show(text)
        )));
    }
    match IpNetwork::new(network.network(), network.prefix()) {
        Ok(canonical) if canonical == network => Ok(network),
        Ok(canonical) => Err(Fault {
            expected: Some(Expected::Network {
                network: canonical,
                address: network.ip(),
            }),
            ..Fault::found(format!("{}, which has bits beside its mask", show(text)))
        }),
        Err(_) => Err(Fault::default()),
    }
}

/// phpIPAM's address: http or https, no credentials, without the `/api` at its end and without a slash there.
pub(super) fn api_url(node: &Node) -> Result<Option<Url>, Fault> {
    let Some(text) = line(node)? else {
        return Ok(None);
    };
    let mut url = http_url(&text)?;
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api").unwrap_or(path);
    let path = path.trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(Some(url))
}

/// The scan server's scheme and host, and the port if the text names one.
pub(super) fn server(node: &Node) -> Result<Option<(Url, Option<u16>)>, Fault> {
    let Some(text) = line(node)? else {
        return Ok(None);
    };
    let text = match text.contains("://") {
        true => text,
        false => format!("http://{text}"),
    };
    let mut url = http_url(&text)?;
    if url.path() != "/" {
        return Err(Fault::found(format!("{}, which has a path", show(&text))));
    }
    // `Url` drops a scheme's own port, so the text is asked.
    let authority = text.trim_end_matches('/');
    let port = match authority.rsplit_once(':') {
        Some((before, port)) if !before.is_empty() && !port.starts_with("//") => port.parse().ok(),
        _ => None,
    };
    url.set_port(None).map_err(|()| Fault::default())?;
    Ok(Some((url, port)))
}

/// What is signed may come from anywhere, but who looks for it is nobody's business on the way.
pub(super) fn update_url(node: &Node) -> Result<Option<Url>, Fault> {
    let Some(text) = line(node)? else {
        return Ok(None);
    };
    let url: Url = text.parse().map_err(|_| Fault::default())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    match url.scheme() == "https" && plain {
        true => Ok(Some(url)),
        false => Err(Fault::default()),
    }
}

fn http_url(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|_| Fault::default())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Fault::found(format!(
            "{}, which is neither http nor https",
            show(text)
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::found("a URL with a user name or password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::found("a URL with `?` or `#` in it"));
    }
    if text.contains(char::is_whitespace) {
        return Err(Fault::default());
    }
    Ok(url)
}

/// As written: without the slash that `Url` puts behind a bare host.
pub(super) fn url_text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
