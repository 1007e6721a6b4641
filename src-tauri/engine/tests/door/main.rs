//! The door through its public functions: agents that are reached from outside, and visitors who mean no good.

#![cfg_attr(
    unix,
    expect(
        clippy::unwrap_used,
        reason = "what a test's helper can't do fails the test"
    )
)]

#[cfg(all(test, unix))]
mod hostile;
#[cfg(all(test, unix))]
mod house;
#[cfg(all(test, unix))]
mod reached;
#[cfg(all(test, unix))]
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "the same file is public in the tests crate")]
mod skip;
#[cfg(all(test, unix))]
mod strangers;
