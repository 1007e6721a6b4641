//! The database through its public functions: what it keeps, what it survives, and who may use it.

#[cfg(test)]
mod cache;
#[cfg(test)]
mod chunks;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod disk_full;
#[cfg(test)]
mod history;
#[cfg(test)]
mod make;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod places;
#[cfg(test)]
mod process;
#[cfg(test)]
mod prune;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod size;
#[cfg(test)]
#[path = "../../../../tests/src/skip.rs"]
#[expect(
    unreachable_pub,
    dead_code,
    reason = "the same file is public in the tests crate"
)]
mod skip;
