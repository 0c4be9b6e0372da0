//! The API's own names: their aliases, their spellings, and the envelope (decisions, "Names on the
//! wire").

use crate::json::Value;

/// A field of the create request, in the order of the answer's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the wire's own")]
pub enum Field {
    ExternalRef,
    Metadata,
    Country,
    Checks,
    WorkflowId,
    RedirectUrl,
    SendEmail,
    ApplicantEmail,
    ApplicantName,
    EmailDisplayName,
    SupportUrl,
    ExpiresInMinutes,
    Fields,
}

impl Field {
    /// Every name: the field, its canonical name, and the other names that are understood.
    pub const TABLE: [(Self, &'static str, &'static [&'static str]); 13] = [
        (Self::ExternalRef, "external_ref", &["reference_id"]),
        (Self::Metadata, "metadata", &[]),
        (Self::Country, "country", &[]),
        (Self::Checks, "checks", &[]),
        (
            Self::WorkflowId,
            "workflow_id",
            &["template_id", "inquiry_template_id"],
        ),
        (
            Self::RedirectUrl,
            "redirect_url",
            &["redirect_uri", "return_url"],
        ),
        (Self::SendEmail, "send_email", &[]),
        (Self::ApplicantEmail, "applicant_email", &[]),
        (Self::ApplicantName, "applicant_name", &[]),
        (
            Self::EmailDisplayName,
            "email_display_name",
            &["display_name", "brand_name"],
        ),
        (
            Self::SupportUrl,
            "support_url",
            &["verification_support_url"],
        ),
        (Self::ExpiresInMinutes, "expires_in_minutes", &[]),
        (Self::Fields, "fields", &["prefill"]),
    ];

    /// Its canonical name.
    pub const fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// The field that this name means, in any spelling.
    pub fn parse(sent: &str) -> Option<Self> {
        FIELDS.find(&Self::TABLE, sent)
    }
}

macro_rules! prefill_fields {
    ($($variant:ident = $name:literal $aliases:expr),* $(,)?) => {
        /// A prefill field, in the order of the answer's errors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are the wire's own")]
        pub enum PrefillField { $($variant),* }

        impl PrefillField {
            const PATHS: [&str; [$($name),*].len()] = [$(concat!("fields.", $name)),*];

            /// Every name: the field, its canonical name, and the other vocabulary in use.
            pub const TABLE: [(Self, &'static str, &'static [&'static str]); Self::PATHS.len()] =
                [$((Self::$variant, after_dot(Self::PATHS[Self::$variant as usize]), &$aliases)),*];
        }
    };
}

/// A name without `fields.`, which stands only once in memory so.
const fn after_dot(path: &'static str) -> &'static str {
    path.split_at("fields.".len()).1
}

prefill_fields! {
    NameFirst = "name_first" ["first_name"],
    NameMiddle = "name_middle" ["middle_name"],
    NameLast = "name_last" ["last_name"],
    Birthdate = "birthdate" ["date_of_birth"],
    EmailAddress = "email_address" ["email"],
    PhoneNumber = "phone_number" ["phone"],
    AddressStreet1 = "address_street_1" [],
    AddressStreet2 = "address_street_2" [],
    AddressCity = "address_city" [],
    AddressSubdivision = "address_subdivision" [],
    AddressPostalCode = "address_postal_code" [],
    AddressCountryCode = "address_country_code" [],
    Nationality = "nationality" [],
    IdentificationNumber = "identification_number" [],
}

impl PrefillField {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.into_iter().map(|(field, ..)| field)
    }

    /// Its canonical name.
    pub const fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// Where it stands in a request, as the path of a mistake.
    pub const fn path(self) -> &'static str {
        Self::PATHS[self as usize]
    }

    /// The field that this name means, in any spelling.
    pub fn parse(sent: &str) -> Option<Self> {
        PREFILL_FIELDS.find(&Self::TABLE, sent)
    }
}

type Names<T> = [(T, &'static str, &'static [&'static str])];

static FIELDS: Index = Index::of(&Field::TABLE);
static PREFILL_FIELDS: Index = Index::of(&PrefillField::TABLE);

/// Where in a table a name stands, by what its three spellings have in common: the first two bytes
/// and the last two.
struct Index([u8; Self::SLOTS]);

impl Index {
    /// More than twice as many as there are names, so that what is not known is soon found out.
    const SLOTS: usize = 64;
    const FREE: u8 = u8::MAX;

    const fn of<T>(table: &Names<T>) -> Self {
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
    fn find<T: Copy>(&self, table: &Names<T>, sent: &str) -> Option<T> {
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

/// Whether a key is this name of the table in one of the three spellings, those of
/// [`Inflection`](crate::inflection::Inflection). Without allocation, since a body may have
/// hundreds of thousands of keys.
fn is_spelling_of(sent: &str, snake: &str) -> bool {
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

/// Opens the envelope `{"data":{"attributes":{…}}}`, once; what stands beside is dropped. Anything
/// else is given back as it is.
///
/// The paths in which the envelope itself repeats a member are the second value.
pub(crate) fn open_envelope(body: Value<'_>) -> (Value<'_>, Vec<&'static str>) {
    let mut repeated = Vec::new();
    let is_envelope = body
        .get("data")
        .and_then(|data| data.get("attributes"))
        .is_some_and(|inner| inner.as_object().is_some());
    if !is_envelope {
        return (body, repeated);
    }
    let mut opened = body;
    for (name, path) in [("data", "data"), ("attributes", "data.attributes")] {
        let Value::Object(outer) = opened else {
            break;
        };
        // The first one, which is there.
        opened = Value::Null;
        let mut count = 0;
        for (_, value) in outer
            .into_members()
            .into_iter()
            .filter(|(key, _)| key == name)
        {
            count += 1;
            if count == 1 {
                opened = value;
            }
        }
        if count > 1 {
            repeated.push(path);
        }
    }
    (opened, repeated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;
    use proptest::prelude::*;

    #[test]
    fn the_tables_stand_in_the_order_of_their_enums() {
        for (index, (field, name, _)) in Field::TABLE.into_iter().enumerate() {
            assert_eq!((field as usize, field.name()), (index, name));
        }
        for (index, (field, name, _)) in PrefillField::TABLE.into_iter().enumerate() {
            assert_eq!((field as usize, field.name()), (index, name));
        }
    }

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

    #[test]
    fn three_spellings_and_the_aliases_are_understood() {
        for name in [
            "expires_in_minutes",
            "expires-in-minutes",
            "expiresInMinutes",
        ] {
            assert_eq!(Field::parse(name), Some(Field::ExpiresInMinutes), "{name}");
        }
        assert_eq!(Field::parse("inquiryTemplateId"), Some(Field::WorkflowId));
        assert_eq!(Field::parse("reference-id"), Some(Field::ExternalRef));
        assert_eq!(
            PrefillField::parse("addressStreet1"),
            Some(PrefillField::AddressStreet1)
        );
        assert_eq!(
            PrefillField::parse("address-street-1"),
            Some(PrefillField::AddressStreet1)
        );
        assert_eq!(
            PrefillField::parse("dateOfBirth"),
            Some(PrefillField::Birthdate)
        );
        for other in [
            "ExternalRef",
            "external-ref_",
            "external_Ref",
            "EXTERNAL_REF",
            "address_street1",
            "expires_inMinutes",
            "",
        ] {
            assert_eq!(Field::parse(other), None, "{other}");
        }
    }

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

    #[test]
    fn the_envelope_is_opened_once() {
        let open = |text: &str| {
            let (inner, repeated) = open_envelope(read(text.as_bytes()).unwrap());
            (inner.to_text(), repeated)
        };
        assert_eq!(
            open(r#"{"data":{"type":"x","attributes":{"a":1}},"meta":2}"#),
            (r#"{"a":1}"#.into(), vec![])
        );
        assert_eq!(
            open(r#"{"data":{"attributes":{"data":{"attributes":{}}}}}"#).0,
            r#"{"data":{"attributes":{}}}"#
        );
        assert_eq!(
            open(r#"{"data":{"attributes":[]}}"#).0,
            r#"{"data":{"attributes":[]}}"#
        );
        assert_eq!(
            open(r#"{"data":{"attributes":{}},"data":1}"#).1,
            vec!["data"]
        );
        assert_eq!(open("[]").0, "[]");
    }
}
