//! Pure presentation shared by tray, notifications and command line.
