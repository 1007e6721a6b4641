//! The corrected clock: the system's plus `epoch_time_offset`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};

/// The corrected clock. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Adds `offset` seconds to the system's clock.
    pub(crate) fn new(offset: i64) -> Self {
        Self(Arc::new(AtomicI64::new(offset)))
    }

    /// Adds another offset from now on.
    pub(crate) fn correct(&self, offset: i64) {
        self.0.store(offset, Ordering::Relaxed);
    }

    /// The corrected time.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        // An offset that leads out of the calendar is refused by the settings.
        Timestamp::now()
            .checked_add(offset)
            .unwrap_or_else(|_| Timestamp::now())
    }
}

/// A difference from the monotonic clock below this is no jump: clocks are slewed, and threads come late.
const JUMP: SignedDuration = SignedDuration::from_secs(2);

/// Where the wall clock jumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    /// Or the machine has slept: a monotonic clock doesn't count that everywhere.
    Forward,
    /// It was set back.
    Back,
}

/// Sees when the wall clock jumps, or the machine has slept: both clocks are compared now and then.
#[derive(Debug)]
pub(super) struct Jumps {
    wall: Timestamp,
    monotonic: Instant,
}

impl Jumps {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: Instant::now(),
        }
    }

    /// How the wall clock has jumped since it was last asked, if it has.
    pub(super) fn seen(&mut self, clock: &Clock) -> Option<Jump> {
        let seen = self.is_to_be_seen(clock);
        *self = Self::new(clock);
        seen
    }

    /// The same, without having been asked.
    pub(super) fn is_to_be_seen(&self, clock: &Clock) -> Option<Jump> {
        let now = Self::new(clock);
        let passed = SignedDuration::try_from(now.monotonic - self.monotonic);
        let shown = now.wall.duration_since(self.wall);
        let by = shown - passed.ok()?;
        if by > JUMP {
            return Some(Jump::Forward);
        }
        (by < -JUMP).then_some(Jump::Back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_clock_is_seen_once_in_either_direction() {
        let clock = Clock::new(0);
        let mut jumps = Jumps::new(&clock);
        assert_eq!(jumps.seen(&clock), None, "no time has passed to speak of");
        for (offset, jump) in [(3600, Jump::Forward), (-3600, Jump::Back)] {
            clock.correct(offset);
            assert_eq!(jumps.seen(&clock), Some(jump), "set by {offset} s");
            assert_eq!(jumps.seen(&clock), None, "that is told once");
        }
    }
}
