//! Tests of the client and of what it makes of answers.

mod asking;
mod mutated;
mod reading;
mod recordings;

use super::answer::Raw;

/// An answer without a redirect.
fn raw(status: u16, body: &[u8]) -> Raw<'_> {
    Raw {
        status,
        location: None,
        body,
    }
}
