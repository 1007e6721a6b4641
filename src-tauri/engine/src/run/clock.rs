//! The corrected clock: the system's plus `epoch_time_offset`.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
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
