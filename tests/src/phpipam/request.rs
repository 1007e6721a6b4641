//! A request's path and query, taken apart as phpIPAM does.

use crate::listener::Call;

/// The path and the query of a request, as phpIPAM takes them apart.
pub(crate) struct Request {
    parts: Vec<String>,
    query: Vec<(String, String)>,
    /// Whether numbers are wanted as strings.
    pub(crate) stringify: bool,
    /// Whether the method writes.
    pub(crate) write: bool,
}

impl Request {
    pub(crate) fn new(call: &Call, path: &str) -> Request {
        let mut parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect();
        let mut query = Vec::new();
        if let Some(text) = &call.query {
            // phpIPAM's rewriting needs the slash before `?`; without it the query sticks to the last part of the path.
            match parts.last_mut() {
                Some(last) if !path.ends_with('/') => *last = format!("{last}?{text}"),
                _ => {
                    query = url::form_urlencoded::parse(text.as_bytes())
                        .map(|(name, value)| (name.into_owned(), value.into_owned()))
                        .collect();
                }
            }
        }
        Request {
            parts,
            query,
            stringify: call
                .header("api-stringify-results")
                .is_some_and(|value| value != "0" && value != "false"),
            write: !matches!(call.method.as_str(), "GET" | "HEAD" | "OPTIONS"),
        }
    }

    /// 0: app, 1: controller, 2 and on: ids. Empty where there is none.
    pub(crate) fn part(&self, index: usize) -> &str {
        self.parts.get(index).map_or("", String::as_str)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

fn decode(part: &str) -> String {
    // Only `%` matters here: `+` in a path is a plus.
    url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes())
        .map(|(name, value)| {
            if value.is_empty() {
                name.into_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect()
}
