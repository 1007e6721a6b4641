//! What Windows says of power and of what the connection costs.
#![expect(
    unsafe_code,
    reason = "Windows tells it by functions that fill a structure, for which there are no safe calls"
)]

use fieldscan_core::place::Battery;
use windows_sys::Win32::{
    Networking::WinSock::NL_NETWORK_CONNECTIVITY_HINT,
    System::{
        LibraryLoader::{GetModuleHandleW, GetProcAddress},
        Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS},
    },
};

const OFFLINE: u8 = 0;
const NO_BATTERY: u8 = 128;
const UNKNOWN: u8 = 255;

pub(super) async fn battery() -> Option<Battery> {
    let mut status = SYSTEM_POWER_STATUS::default();
    // SAFETY: it only fills the structure that it is given.
    let known = unsafe { GetSystemPowerStatus(&raw mut status) } != 0;
    let has_battery = status.BatteryFlag != UNKNOWN && status.BatteryFlag & NO_BATTERY == 0;
    (known && has_battery && status.BatteryLifePercent <= 100).then_some(Battery {
        percent: status.BatteryLifePercent,
        discharging: status.ACLineStatus == OFFLINE,
    })
}

/// `NL_NETWORK_CONNECTIVITY_LEVEL_HINT`.
const UNKNOWN_LEVEL: i32 = 0;
const NO_NETWORK: i32 = 1;
/// `NL_NETWORK_CONNECTIVITY_COST_HINT`.
const UNRESTRICTED: i32 = 1;
const FIXED: i32 = 2;
const VARIABLE: i32 = 3;

pub(super) fn online_and_metered() -> (Option<bool>, Option<bool>) {
    let Some(hint) = hint() else {
        return (None, None);
    };
    let online = match hint.ConnectivityLevel {
        UNKNOWN_LEVEL => None,
        level => Some(level != NO_NETWORK),
    };
    let metered = match hint.ConnectivityCost {
        UNRESTRICTED => Some(false),
        FIXED | VARIABLE => Some(true),
        _ => None,
    };
    (online, metered)
}

/// Windows has it since 10.0.19041; with an older one the program must start all the same, so it is looked for.
fn hint() -> Option<NL_NETWORK_CONNECTIVITY_HINT> {
    type GetHint = unsafe extern "system" fn(*mut NL_NETWORK_CONNECTIVITY_HINT) -> u32;
    let library: Vec<u16> = "iphlpapi.dll\0".encode_utf16().collect();
    // SAFETY: both strings end with a zero.
    let found = unsafe {
        let library = GetModuleHandleW(library.as_ptr());
        if library.is_null() {
            return None;
        }
        GetProcAddress(library, c"GetNetworkConnectivityHint".as_ptr().cast())?
    };
    // SAFETY: the function of that name has this signature.
    let get_hint: GetHint = unsafe { std::mem::transmute(found) };
    let mut hint = NL_NETWORK_CONNECTIVITY_HINT::default();
    // SAFETY: it only fills the structure that it is given.
    let failed = unsafe { get_hint(&raw mut hint) } != 0;
    (!failed).then_some(hint)
}
