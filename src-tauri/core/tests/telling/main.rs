//! What the person is told by the agent as a whole, and when a pause ends.

mod bench;
mod delivery;
mod findings;
mod pausing;
#[path = "../plain/mod.rs"]
mod plain;
mod problems;
