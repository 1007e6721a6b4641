//! HTTP client for phpIPAM's API, read-only.
