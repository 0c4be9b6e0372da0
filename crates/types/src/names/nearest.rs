//! The known word that was probably meant by an unknown one.

use super::index::Names;
use super::{Field, PrefillField};

/// The canonical name of a top-level field that is nearest to an unknown one.
pub fn nearest_field(sent: &str) -> Option<&'static str> {
    nearest_in(&Field::TABLE, sent)
}

/// The canonical name of a prefill field that is nearest to an unknown one.
pub fn nearest_prefill_field(sent: &str) -> Option<&'static str> {
    nearest_in(&PrefillField::TABLE, sent)
}

fn nearest_in<T>(table: &Names<T>, sent: &str) -> Option<&'static str> {
    let mut nearest = Nearest::new();
    nearest.look_for(sent)?;
    for (_, name, aliases) in table {
        nearest.offer(name, name);
        for alias in *aliases {
            nearest.offer(alias, name);
        }
    }
    nearest.found()
}

/// The known word that differs from this one in the fewest letters, if it is at most a third of
/// them. Words over 64 characters are not looked at (decision 2).
pub fn nearest(sent: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let mut nearest = Nearest::new();
    nearest.look_for(sent)?;
    known.for_each(|name| nearest.offer(name, name));
    nearest.found()
}

/// The search for the nearest of the names that are offered; the first of those equally near.
struct Nearest {
    /// Where in the word each ASCII letter stands: the first one in the lowest bit.
    places: [u64; 128],
    length: usize,
    /// Only what is nearer than this is looked for.
    distance: usize,
    /// The letters in which the nearest may differ, and what it stands for.
    best: Option<(usize, &'static str)>,
}

impl Nearest {
    /// Of no word yet: it is a kilobyte, which is filled where it is.
    const fn new() -> Self {
        Self {
            places: [0; 128],
            length: 0,
            distance: 0,
            best: None,
        }
    }

    /// The word that others are compared with, unless it is too long.
    fn look_for(&mut self, sent: &str) -> Option<()> {
        // A character takes four bytes at most.
        if sent.len() > 4 * 64 {
            return None;
        }
        let mut length = 0;
        let mut put = |letter: char| {
            let place = 1_u64.checked_shl(length).unwrap_or(0);
            if let Some(bits) = self.places.get_mut(letter as usize) {
                *bits |= place;
            }
            length += 1;
        };
        let mut before = '_';
        for character in sent.chars() {
            // A word begins at a capital, but not at each one of `COUNTRY`.
            let is_first = !before.is_ascii_uppercase() && !matches!(before, '_' | '-');
            if character.is_ascii_uppercase() && is_first {
                put('_');
            }
            before = character;
            put(if character == '-' {
                '_'
            } else {
                character.to_ascii_lowercase()
            });
        }
        self.length = length as usize;
        // A third of a name is at most half of a word that differs in no more than that.
        self.distance = (self.length / 2).max(1) + 1;
        // What grew beyond 64 by that is far from all names.
        (length <= 64).then_some(())
    }

    fn offer(&mut self, name: &'static str, meaning: &'static str) {
        // Lengths that differ by as much as the best word so far are not looked into.
        if name.len().abs_diff(self.length) >= self.distance {
            return;
        }
        let distance = self.edits(name);
        if distance < self.distance {
            self.distance = distance;
            self.best = Some(((name.len() / 3).max(1), meaning));
        }
    }

    /// Levenshtein's distance of a word that is not empty, or, if that is not nearer than the best so
    /// far, any that is not.
    ///
    /// A column of the table at a time, as bits that tell where it rises and falls (Myers, "A fast
    /// bit-vector algorithm for approximate string matching", in Hyyrö's form for whole words).
    fn edits(&self, name: &str) -> usize {
        let last = 1_u64 << (self.length.saturating_sub(1) & 63);
        let (mut rises, mut falls) = (u64::MAX, 0);
        let mut distance = self.length;
        let mut left = name.len();
        for letter in name.bytes() {
            let equal = self.places.get(usize::from(letter)).copied().unwrap_or(0);
            let diagonal = (((equal & rises).wrapping_add(rises)) ^ rises) | equal;
            let right_rises = falls | !(diagonal | rises);
            let right_falls = rises & diagonal;
            distance = distance + usize::from(right_rises & last != 0)
                - usize::from(right_falls & last != 0);
            let right_rises = (right_rises << 1) | 1;
            rises = (right_falls << 1) | !(equal | falls | right_rises);
            falls = right_rises & (equal | falls);
            // Each letter brings it down by one at most.
            left -= 1;
            if distance >= self.distance + left {
                break;
            }
        }
        distance
    }

    fn found(&self) -> Option<&'static str> {
        let (most, meaning) = self.best?;
        (self.distance <= most).then_some(meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(nearest_field("aplicant_email"), Some("applicant_email"));
        assert_eq!(nearest_field("expiresInMinute"), Some("expires_in_minutes"));
        assert_eq!(nearest_field("redirect"), Some("redirect_url"));
        assert_eq!(nearest_prefill_field("birth-date"), Some("birthdate"));
        assert_eq!(nearest_field("EXTERNAL_REF"), Some("external_ref"));
        assert_eq!(nearest_field("zzzzzz"), None);
        assert_eq!(nearest_field(&"a".repeat(65)), None);
    }

    /// The same, cell by cell.
    fn edits_by_table(word: &str, name: &str) -> usize {
        let mut row: Vec<usize> = (0..=word.chars().count()).collect();
        for (above, letter) in name.chars().enumerate() {
            let mut diagonal = std::mem::replace(&mut row[0], above + 1);
            for (index, other) in word.chars().enumerate() {
                let changed = diagonal + usize::from(letter != other);
                diagonal = row[index + 1];
                row[index + 1] = changed.min(row[index] + 1).min(diagonal + 1);
            }
        }
        row[word.chars().count()]
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_table(word in "[a-e_é]{1,64}", name in "[a-e_]{1,70}") {
            let mut search = Nearest::new();
            search.look_for(&word).unwrap();
            search.distance = 64 + name.len();
            prop_assert_eq!(search.edits(&name), edits_by_table(&word, &name));
        }

        #[test]
        fn only_what_cannot_be_near_is_passed_over(
            word in "[a-c_]{1,12}",
            names in proptest::collection::vec("[a-c_]{1,12}", 1..5),
        ) {
            let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
            let distance = |name: &&&str| edits_by_table(&word, name);
            let best = names.iter().min_by_key(distance).unwrap();
            let expected = (distance(&best) <= (best.len() / 3).max(1)).then_some(*best);
            prop_assert_eq!(nearest(&word, names.iter().copied()), expected);
        }
    }
}
