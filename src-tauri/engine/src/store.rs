//! SQLite: cache, scans, hosts, outbox, problems.
