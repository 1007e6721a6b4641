//! Settings from anywhere: no text may panic the importer, and what it writes must read back.
#![no_main]

use fieldscan_core::settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(import) = settings::import(text) {
        let written = settings::to_yaml(&import.settings);
        let (read, _) = settings::parse(&written).expect("what is written can be read");
        assert_eq!(read, import.settings, "what is written reads back the same");
    }
    // A file with mistakes may be blanked, and keeps its mistakes.
    if settings::import(text).is_ok()
        && let Ok(blanked) = settings::blank_tokens(text, &[])
    {
        let import = settings::import(&blanked).expect("blanking breaks nothing");
        assert!(import.client_token.is_none() && import.auth_token.is_none());
    }
    if let Ok(changed) = settings::set(text, "http_port", "5001") {
        let (read, _) = settings::parse(&changed).expect("a change breaks nothing");
        assert_eq!(read.http_port, 5001);
    }
});
