//! An organization's colour on its one large button, with contrast enforced.
//!
//! The words on the button reach 4.5:1, the button itself 3:1 against the page (WCAG 2.2, 1.4.3 and 1.4.11), whatever
//! colour the organization chose.

use std::fmt;

/// Ground and ink of the button on a light and on a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    /// On a light page.
    pub light: Button,
    /// On a dark page.
    pub dark: Button,
}

/// The two colours of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    /// Behind the words.
    pub ground: Colour,
    /// The words.
    pub ink: Colour,
}

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(u8, u8, u8);

const WHITE: Colour = Colour(0xff, 0xff, 0xff);
const BLACK: Colour = Colour(0, 0, 0);
/// The pages' light and dark ground (`--surface`).
const LIGHT_PAGE: Colour = WHITE;
const DARK_PAGE: Colour = Colour(0x1a, 0x1c, 0x1f);

impl Accent {
    /// The product's own accent, for organizations without one.
    pub const DEFAULT: Self = Self {
        light: Button {
            ground: Colour(0x0f, 0x5f, 0xd7),
            ink: WHITE,
        },
        dark: Button {
            ground: Colour(0x7f, 0xb0, 0xff),
            ink: Colour(0x0b, 0x1a, 0x33),
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
    /// Moves `colour` towards `away` until it stands out from the page, and picks the ink that reads best on it.
    fn on(colour: Colour, page: Colour, away: Colour) -> Self {
        let ground = (0..=100)
            .step_by(4)
            .map(|percent| colour.mixed(away, percent))
            .find(|ground| ground.contrast(page) >= 3.0)
            .unwrap_or(away);
        let ink = if ground.contrast(WHITE) >= 4.5 {
            WHITE
        } else {
            BLACK
        };
        Self { ground, ink }
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
                        assert!(button.ground.contrast(page) >= 3.0, "{colour}: {button:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_that_already_stands_out_is_kept() {
        assert_eq!(
            Accent::of(Some("#0A7D4F")).light.ground.to_string(),
            "#0a7d4f"
        );
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
