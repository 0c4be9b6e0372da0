//! Looks a name up in a table, in any of its three spellings.

/// A table of names: what is meant, its canonical name, and its aliases.
pub(super) type Names<T> = [(T, &'static str, &'static [&'static str])];

/// Where in a table a name stands, by what its three spellings have in common: the first two bytes
/// and the last two.
pub(super) struct Index([u8; Self::SLOTS]);

impl Index {
    /// More than twice as many as there are names, so that what is not known is soon found out.
    const SLOTS: usize = 64;
    const FREE: u8 = u8::MAX;

    pub(super) const fn of<T>(table: &Names<T>) -> Self {
        let mut slots = [Self::FREE; Self::SLOTS];
        let mut row = 0;
        while row < table.len() {
            let (_, name, aliases) = &table[row];
            let mut number = 0;
            while number <= aliases.len() {
                let name = if number == 0 {
                    name
                } else {
                    &aliases[number - 1]
                };
                let mut slot = Self::slot(name.as_bytes());
                while slots[slot] != Self::FREE {
                    slot = (slot + 1) % Self::SLOTS;
                }
                // A name's number among its row's in the two highest bits.
                assert!(row < 64 && number < 3);
                #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
                {
                    slots[slot] = (number << 6 | row) as u8;
                }
                number += 1;
            }
            row += 1;
        }
        Self(slots)
    }

    #[inline]
    const fn slot(name: &[u8]) -> usize {
        let &[first, second, .., last_but_one, last] = name else {
            return 0;
        };
        // A digit at the end is joined in one spelling only; a word of two letters may be raised.
        let before = if last.is_ascii_digit() {
            0
        } else {
            last_but_one | 0x20
        };
        // Of the simple sums, the one with the fewest names in another's slot.
        (first as usize + 7 * (second as usize + before as usize + last as usize)) % Self::SLOTS
    }

    #[inline]
    pub(super) fn find<T: Copy>(&self, table: &Names<T>, sent: &str) -> Option<T> {
        let mut slot = Self::slot(sent.as_bytes());
        loop {
            let found = *self.0.get(slot)?;
            if found == Self::FREE {
                return None;
            }
            let (field, name, aliases) = table.get(usize::from(found & 63))?;
            let name = match usize::from(found >> 6) {
                0 => name,
                number => aliases.get(number - 1)?,
            };
            if is_spelling_of(sent, name) {
                return Some(*field);
            }
            slot = (slot + 1) % Self::SLOTS;
        }
    }
}

/// Whether a key is this name in `snake_case` in one of the three spellings, those of
/// [`Inflection`](crate::inflection::Inflection). Without allocation, since a body may have
/// hundreds of thousands of keys.
pub fn is_spelling_of(sent: &str, snake: &str) -> bool {
    if sent == snake {
        return true;
    }
    let kebab = snake
        .bytes()
        .map(|byte| if byte == b'_' { b'-' } else { byte });
    let mut raise = false;
    let camel = snake.bytes().filter_map(|byte| {
        let raised = std::mem::replace(&mut raise, byte == b'_');
        match byte {
            b'_' => None,
            _ if raised => Some(byte.to_ascii_uppercase()),
            _ => Some(byte),
        }
    });
    sent.bytes().eq(kebab) || sent.bytes().eq(camel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Field, PrefillField};

    #[test]
    fn the_spellings_are_those_of_answers() {
        use crate::inflection::Inflection;
        let fields = Field::TABLE.map(|(_, name, aliases)| (name, aliases));
        let prefill = PrefillField::TABLE.map(|(_, name, aliases)| (name, aliases));
        for (name, aliases) in fields.into_iter().chain(prefill) {
            for name in aliases.iter().copied().chain([name]) {
                for inflection in Inflection::ALL {
                    assert!(is_spelling_of(&inflection.key(name), name), "{name}");
                }
            }
        }
        for other in [
            "addressStreet-1",
            "address_street-1",
            "addressStreet_1",
            "AddressStreet1",
            "addressstreet1",
        ] {
            assert!(!is_spelling_of(other, "address_street_1"), "{other}");
        }
    }
}
