//! Text from elsewhere, made harmless for terminals.

use std::fmt::Write as _;

/// The text with everything escaped that could steer a terminal or turn the direction of what stands around it.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            let _ = write!(plain, "{}", c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// JSON in which the same characters are escaped in JSON's own way: it means the same, and may be shown on a terminal.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        // Between strings, JSON has line breaks; inside them the serializer has escaped those.
        if c != '\n' && is_harmful(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(plain, "\\u{unit:04x}");
            }
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Control characters, and format characters that hide, join or turn what stands beside them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_does_not_steer_the_terminal() {
        assert_eq!(
            plain("a\u{1b}[2Jb\r\n\u{202e}c\u{9b}1m"),
            "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}c\\u{9b}1m",
            "escapes, line breaks, turned direction and C1 codes are shown, not done"
        );
        assert_eq!(plain("Büro – 東京 🖨"), "Büro – 東京 🖨", "text stays");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({ "name": "x\u{202e}\u{7f}\u{e0041}\n\u{1b}" });
        let json = plain_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(
            !json.contains(['\u{202e}', '\u{7f}', '\u{e0041}', '\u{1b}']),
            "nothing harmful is left: {json:?}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            value,
            "a reader gets what was meant"
        );
    }
}
