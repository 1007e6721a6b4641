//! The OS keychain; the only writer of secrets.
