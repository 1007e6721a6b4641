//! nmap's XML: no input may panic the reader, however it is split, and the split may change nothing.
#![no_main]

use fieldscan_core::nmap_xml::{Event, Reader, Summary, XmlError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The last byte, so that a recorded document is a seed as it is.
    let Some((&size, document)) = input.split_last() else {
        return;
    };
    let whole = read([document]);
    let pieces = read(document.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "how the bytes are split must change nothing");
    if let Ok((events, summary)) = whole {
        let up = events
            .iter()
            .filter(|event| matches!(event, Event::Up(_)))
            .count();
        assert_eq!(up, summary.up as usize, "each host that is counted is told");
    }
});

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Event>, Summary), XmlError> {
    let mut reader = Reader::new();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(reader.feed(piece)?);
    }
    Ok((events, reader.finish()?))
}
