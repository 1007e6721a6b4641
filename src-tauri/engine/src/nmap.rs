//! Runs the system's nmap in a process group of its own and reads its XML as it comes.
