//! nmap's XML output → hosts, streaming: tolerant of what nmap prints, strict about what it returns.
