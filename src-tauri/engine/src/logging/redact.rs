//! Replaces secrets in text, in whatever form they come: the last line of defence.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

/// A form this short is looked for as a whole word only: otherwise every `ab` in a text would go.
const SHORT: usize = 4;

/// Knows the live secrets and takes them out of text. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

impl Redactor {
    /// From now on this secret is replaced: as it is, escaped, percent-encoded, and inside base64 (basic auth).
    pub fn add(&self, secret: &SecretString) {
        let plain = secret.expose_secret().trim();
        if plain.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms(plain) {
            if !known.iter().any(|old| old.expose_secret() == form) {
                known.push(SecretString::from(form));
            }
        }
        // The longest first: a form must not be torn by another that is a part of it.
        known.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// The text without any secret, without user info in URLs, and without the values of authorization headers.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for form in known.iter().map(ExposeSecret::expose_secret) {
            if clean.contains(form) {
                clean = Cow::Owned(if form.len() < SHORT {
                    replace_word(&clean, form)
                } else {
                    clean.replace(form, REDACTED)
                });
            }
        }
        if clean.contains(['%', '+']) {
            for form in known.iter().map(ExposeSecret::expose_secret) {
                if let Some(without) = without_encoded(&clean, form) {
                    clean = Cow::Owned(without);
                }
            }
        }
        drop(known);
        if clean.contains('@') && clean.contains("://") {
            clean = Cow::Owned(without_user_info(&clean));
        }
        for scheme in ["Bearer ", "Basic ", "bearer ", "basic "] {
            if clean.contains(scheme) {
                clean = Cow::Owned(without_credentials(&clean, scheme));
            }
        }
        clean
    }
}

/// Every form in which a secret may stand in text.
fn forms(plain: &str) -> Vec<String> {
    let mut forms = vec![plain.to_owned(), plain.escape_debug().to_string()];
    if let Ok(json) = serde_json::to_string(plain) {
        forms.push(json.trim_matches('"').to_owned());
    }
    forms.extend(base64_forms(plain.as_bytes()));
    forms.sort();
    forms.dedup();
    forms
}

/// The text without a form that is percent-encoded in part or whole; `None` if it isn't in there. Which characters are
/// encoded differs from encoder to encoder.
fn without_encoded(text: &str, form: &str) -> Option<String> {
    if form.len() < SHORT {
        return None;
    }
    let mut clean = String::new();
    let mut from = 0;
    for (at, _) in text.char_indices() {
        if at >= from
            && let Some(length) = encoded_length(&text.as_bytes()[at..], form.as_bytes())
        {
            clean += &text[from..at];
            clean += REDACTED;
            from = at + length;
        }
    }
    (from > 0).then(|| clean + &text[from..])
}

/// How many bytes at the text's beginning are the form, each of its bytes plain or as `%2F`; a space also as `+`.
fn encoded_length(text: &[u8], form: &[u8]) -> Option<usize> {
    let mut at = 0;
    for wanted in form {
        let encoded = match text.get(at..at + 3) {
            Some([b'%', digits @ ..]) => std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        at += if encoded == Some(*wanted) {
            3
        } else if text.get(at) == Some(wanted) || (*wanted == b' ' && text.get(at) == Some(&b'+')) {
            1
        } else {
            return None;
        };
    }
    Some(at)
}

/// What base64 of any text that contains the secret must contain, for each of the three ways in which it can fall on
/// groups of three bytes. Of the letters at the edges, which depend on what stands beside it, there are none.
fn base64_forms(plain: &[u8]) -> Vec<String> {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut forms = Vec::new();
    for before in 0..3 {
        let first = (before * 8usize).div_ceil(6);
        let last = (before + plain.len()) * 8 / 6;
        // Too short to mean anything: such letters occur in any text.
        if last.saturating_sub(first) < 6 {
            continue;
        }
        let bit = |index: usize| -> usize {
            let byte = (index / 8).checked_sub(before).and_then(|at| plain.get(at));
            usize::from(byte.copied().unwrap_or(0) >> (7 - index % 8) & 1)
        };
        for alphabet in [STANDARD, URL_SAFE] {
            let letters = (first..last).map(|letter| {
                let value = (0..6).fold(0, |value, at| value << 1 | bit(letter * 6 + at));
                char::from(alphabet[value])
            });
            forms.push(letters.collect());
        }
    }
    forms
}

fn replace_word(text: &str, word: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if at < from || joined(text[..at].chars().next_back()) || joined(text[end..].chars().next())
        {
            continue;
        }
        clean += &text[from..at];
        clean += REDACTED;
        from = end;
    }
    clean + &text[from..]
}

/// `https://user:word@host` → `https://[redacted]@host`.
fn without_user_info(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean += before;
        let end = after
            .find(|c: char| {
                c.is_whitespace()
                    || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | ')' | ',')
            })
            .unwrap_or(after.len());
        // A password may hold a slash that should have been encoded; up to the last `@` of the word it is hidden then too.
        let word = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>'))
            .unwrap_or(after.len());
        let hidden = after[..end].rfind('@').or_else(|| {
            let colon = after[..end].contains(':') && !after[..end].ends_with(']');
            let port = after[..end].rsplit(':').next().is_some_and(|port| {
                !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit())
            });
            (colon && !port).then(|| after[..word].rfind('@')).flatten()
        });
        match hidden {
            Some(at) => {
                clean += REDACTED;
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    clean + rest
}

/// `Bearer abc` → `Bearer [redacted]`.
fn without_credentials(text: &str, scheme: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(scheme) {
        let (before, after) = rest.split_at(at + scheme.len());
        clean += before;
        let end = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-._~+/=".contains(c)))
            .unwrap_or(after.len());
        let value = &after[..end];
        // `Bearer type is accepted` is a server's sentence and no credential; those are long or have digits.
        let is_credential = value.len() >= 16 || value.bytes().any(|byte| byte.is_ascii_digit());
        clean += if is_credential { REDACTED } else { value };
        rest = &after[end..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.add(&SecretString::from(secret.to_owned()));
        redactor
    }

    /// By a second way than the one under test: bytes in, letters out.
    fn base64(bytes: &[u8]) -> String {
        let alphabet: Vec<char> = ('A'..='Z')
            .chain('a'..='z')
            .chain('0'..='9')
            .chain(['+', '/'])
            .collect();
        bytes
            .chunks(3)
            .flat_map(|group| {
                let value = group
                    .iter()
                    .fold(0u32, |value, byte| value << 8 | u32::from(*byte))
                    << (8 * (3 - group.len()));
                (0..4)
                    .map(|letter| {
                        if letter > group.len() {
                            '='
                        } else {
                            alphabet[(value >> (18 - 6 * letter) & 63) as usize]
                        }
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn basic_auth_is_redacted_without_knowing_the_user() {
        assert_eq!(
            base64(b"user:secret"),
            "dXNlcjpzZWNyZXQ=",
            "the reference itself is right"
        );
        for user in ["u", "us", "use", "admin"] {
            let header = base64(format!("{user}:correct horse").as_bytes());
            let clean = knowing("correct horse")
                .text(&format!("sent {header}"))
                .into_owned();
            assert!(clean.contains(REDACTED), "{user}: {clean}");
        }
    }

    #[test]
    fn urls_and_headers_are_redacted_whatever_the_secret() {
        let redactor = Redactor::default();
        for (text, clean) in [
            ("GET https://a:b@host/x", "GET https://[redacted]@host/x"),
            ("GET https://a:p/w@host/x", "GET https://[redacted]@host/x"),
            ("https://host:443/users/a@b", "https://host:443/users/a@b"),
            (
                "mail a@b about https://host/",
                "mail a@b about https://host/",
            ),
            (
                "Authorization: Bearer abc123def456",
                "Authorization: Bearer [redacted]",
            ),
            (
                "Only Bearer type is accepted",
                "Only Bearer type is accepted",
            ),
        ] {
            assert_eq!(redactor.text(text), clean, "for {text}");
        }
    }

    #[test]
    fn a_short_secret_goes_as_a_word_only() {
        assert_eq!(
            knowing("ab").text("about ab, cab and `ab`"),
            "about [redacted], cab and `[redacted]`",
            "the log must stay readable"
        );
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_survives(
            secret in "[ -~]{8,40}",
            before in "[ -~]{0,20}",
            after in "[ -~]{0,20}",
        ) {
            prop_assume!(secret.trim() == secret);
            let redactor = knowing(&secret);
            let texts = [
                format!("{before}{secret}{after}"),
                format!("{secret:?}"),
                serde_json::to_string(&secret).unwrap(),
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>(),
                format!("Basic {}", base64(format!("{before}:{secret}").as_bytes())),
            ];
            for text in texts {
                let clean = redactor.text(&text).into_owned();
                prop_assert!(clean.contains(REDACTED), "{text} → {clean}");
                prop_assert!(!clean.contains(&secret), "{text} → {clean}");
            }
        }
    }
}
