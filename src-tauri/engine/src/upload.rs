//! Sends reports to the scan server.
