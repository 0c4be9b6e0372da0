//! An organization's colour on its one large button, with contrast enforced.
//!
//! The colour itself is kept. The words on it reach 4.5:1 and the button's edge 3:1 against the page (WCAG 2.2, 1.4.3 and
//! 1.4.11), whatever colour the organization chose.

use std::fmt;

/// The button's colours on a light and on a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    /// On a light page.
    pub light: Button,
    /// On a dark page.
    pub dark: Button,
}

/// The colours of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    /// Behind the words.
    pub ground: Colour,
    /// The words.
    pub ink: Colour,
    /// The line around it: the ground, unless that would be lost against the page.
    pub edge: Colour,
}

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(u8, u8, u8);

const WHITE: Colour = Colour(0xff, 0xff, 0xff);
const BLACK: Colour = Colour(0, 0, 0);
/// The grounds of the pages against which an edge stands out least: `--canvas` in light, `--surface` in dark.
const LIGHT_PAGE: Colour = Colour(0xf7, 0xf7, 0xf5);
const DARK_PAGE: Colour = Colour(0x1a, 0x1c, 0x1f);

impl Accent {
    /// The product's own accent, for organizations without one.
    pub const DEFAULT: Self = Self {
        light: Button {
            ground: Colour(0x0f, 0x5f, 0xd7),
            ink: WHITE,
            edge: Colour(0x0f, 0x5f, 0xd7),
        },
        dark: Button {
            ground: Colour(0x7f, 0xb0, 0xff),
            ink: Colour(0x0b, 0x1a, 0x33),
            edge: Colour(0x7f, 0xb0, 0xff),
        },
    };

    /// From an organization's setting; the default where there is none or it is no `#rrggbb`.
    pub fn of(setting: Option<&str>) -> Self {
        setting
            .and_then(Colour::parse)
            .map_or(Self::DEFAULT, |colour| Self {
                light: Button::on(colour, LIGHT_PAGE, BLACK),
                dark: Button::on(colour, DARK_PAGE, WHITE),
            })
    }
}

impl Button {
    /// Picks the ink that reads on `ground`, and moves the edge towards `away` until it stands out from the page.
    fn on(ground: Colour, page: Colour, away: Colour) -> Self {
        let ink = if ground.contrast(WHITE) >= 4.5 {
            WHITE
        } else {
            BLACK
        };
        let edge = (0..=100)
            .step_by(4)
            .map(|percent| ground.mixed(away, percent))
            .find(|edge| edge.contrast(page) >= 3.0)
            .unwrap_or(away);
        Self { ground, ink, edge }
    }
}

impl Colour {
    /// `#rrggbb`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self(red, green, blue))
    }

    fn mixed(self, other: Self, percent: u16) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (100 - percent) + u16::from(b) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    /// The contrast ratio of WCAG 2, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_becomes_a_legible_button_on_both_pages() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let colour = Colour(red, green, blue);
                    let accent = Accent::of(Some(&colour.to_string()));
                    for (button, page) in [(accent.light, LIGHT_PAGE), (accent.dark, DARK_PAGE)] {
                        assert!(
                            button.ground.contrast(button.ink) >= 4.5,
                            "{colour}: {button:?}"
                        );
                        assert!(button.edge.contrast(page) >= 3.0, "{colour}: {button:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_colour_is_kept_and_only_what_would_be_lost_gets_another_edge() {
        let green = Accent::of(Some("#0A7D4F")).light;
        assert_eq!((green.ground, green.edge), (green.edge, green.ground));
        let yellow = Accent::of(Some("#ffd400")).light;
        assert_eq!(yellow.ground.to_string(), "#ffd400");
        assert_eq!(yellow.ink, BLACK);
        assert_ne!(yellow.edge, yellow.ground);
    }

    #[test]
    fn what_is_no_colour_falls_back_to_the_default() {
        for setting in [
            None,
            Some(""),
            Some("red"),
            Some("#fff"),
            Some("#12345g"),
            Some("#+12345"),
            Some("#€23"),
        ] {
            assert_eq!(Accent::of(setting), Accent::DEFAULT, "{setting:?}");
        }
    }
}
