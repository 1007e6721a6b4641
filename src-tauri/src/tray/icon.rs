//! The drawings of the tray's icon, in one colour: the shape tells the state.

use fieldscan_core::present::Icon;
use tauri::image::Image;

/// The panel that the icon stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel {
    Light,
    /// macOS draws in its own ink, whatever the panel.
    #[cfg(any(not(target_os = "macos"), test))]
    Dark,
}

impl Panel {
    /// The ink for a panel: the design's, as red, green and blue.
    fn ink(self) -> [u8; 3] {
        match self {
            Panel::Light => [0x14, 0x20, 0x1e],
            #[cfg(any(not(target_os = "macos"), test))]
            Panel::Dark => [0xf2, 0xf6, 0xf5],
        }
    }
}

/// The icon of a state in all its sizes, in the ink for that panel.
pub(crate) fn drawn(icon: Icon, panel: Panel) -> Vec<Image<'static>> {
    sizes(icon)
        .map(|drawing| {
            let mut pixels = drawing.rgba().to_vec();
            for pixel in pixels.as_chunks_mut::<4>().0 {
                pixel[..3].copy_from_slice(&panel.ink());
            }
            Image::new_owned(pixels, drawing.width(), drawing.height())
        })
        .collect()
}

macro_rules! sizes {
    ($state:literal) => {
        [
            include_bytes!(concat!("../../../icons/tray-", $state, "-16.png")),
            include_bytes!(concat!("../../../icons/tray-", $state, "-22.png")),
            include_bytes!(concat!("../../../icons/tray-", $state, "-32.png")),
            include_bytes!(concat!("../../../icons/tray-", $state, "-44.png")),
            include_bytes!(concat!("../../../icons/tray-", $state, "-64.png")),
        ]
    };
}

fn sizes(icon: Icon) -> impl Iterator<Item = Image<'static>> {
    let files: [&[u8]; 5] = match icon {
        Icon::Idle => sizes!("idle"),
        Icon::Scanning => sizes!("scanning"),
        Icon::Waiting => sizes!("waiting"),
        Icon::Attention => sizes!("attention"),
        Icon::Paused => sizes!("paused"),
    };
    // They are ours, and a test reads them all.
    files
        .into_iter()
        .filter_map(|file| Image::from_bytes(file).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_differ_in_shape_on_every_panel() {
        for (index, one) in Icon::ALL.iter().enumerate() {
            assert_eq!(sizes(*one).count(), 5, "every drawing can be read");
            for other in &Icon::ALL[index + 1..] {
                for (one, other) in sizes(*one).zip(sizes(*other)) {
                    let differing = one.rgba().chunks(4).zip(other.rgba().chunks(4));
                    let differing = differing.filter(|(a, b)| a[3].abs_diff(b[3]) > 128).count();
                    assert!(
                        differing * 20 > (one.width() * one.height()) as usize,
                        "at {} pixels only {differing} tell two states apart",
                        one.width()
                    );
                }
            }
        }
    }

    #[test]
    fn the_ink_is_seen_on_its_panel() {
        for (panel, dark) in [(Panel::Light, true), (Panel::Dark, false)] {
            for drawing in drawn(Icon::Attention, panel) {
                let [red, green, blue, _] = drawing.rgba()[..4] else {
                    panic!("a pixel has four parts");
                };
                assert_eq!(red.max(green).max(blue) < 64, dark, "{panel:?}");
            }
        }
    }
}
