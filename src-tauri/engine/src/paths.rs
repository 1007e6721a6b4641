//! Where settings and data lie on this platform.
