//! Checks that a session can ask for.

use crate::json::Value;
use crate::names::{Field, nearest};
use crate::problem::{Fault, FieldCode, Mistakes, item_path};
use crate::text;
use std::borrow::Cow;

/// The paths of the first ten items of a list, which need not be made.
const PATHS: &str =
    "checks[0]checks[1]checks[2]checks[3]checks[4]checks[5]checks[6]checks[7]checks[8]checks[9]";

macro_rules! checks {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A check by its name (`wire.md` 10.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are the wire's own")]
        pub enum Check { $($variant),* }

        impl Check {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

checks! {
    DocumentOcr = "document_ocr",
    DocumentExpiration = "document_expiration",
    IdDocumentFilter = "id_document_filter",
    FaceMatch = "face_match",
    AgeVerification = "age_verification",
    NfcChipAuth = "nfc_chip_auth",
    ProofOfAddressCheck = "proof_of_address_check",
    WatchlistScreening = "watchlist_screening",
    AmlScreening = "aml_screening",
    RiskAssessment = "risk_assessment",
    DuplicateDetection = "duplicate_detection",
    IdentityCrossref = "identity_crossref",
    EmailRiskEnhanced = "email_risk_enhanced",
    PhoneRiskEnhanced = "phone_risk_enhanced",
    CheckAgainstList = "check_against_list",
    AutoApprove = "auto_approve",
}

impl Check {
    /// The check of this name.
    ///
    /// # Errors
    /// `empty`, `invalid_characters`, `unknown_value` with the nearest name there is.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        let name = text::check_characters(name)?;
        Self::find(name).ok_or_else(|| {
            let message = match nearest(name, Self::ALL.iter().map(|check| check.as_str())) {
                Some(near) => {
                    text::join(&["This check is not known. Did you mean `", near, "`?"]).into()
                }
                None => Cow::Borrowed(
                    "This check is not known; the API reference lists those that are.",
                ),
            };
            Fault::new(FieldCode::UnknownValue, message)
        })
    }

    /// Holds the items of a list to the rule: checks, and none twice.
    pub(crate) fn check_list(items: &[Value<'_>], mistakes: &mut Mistakes) {
        // A bit for each check that was there.
        let mut seen = 0_u32;
        for (index, item) in items.iter().enumerate() {
            let bit = item
                .as_str()
                .and_then(Self::find)
                .map_or(0, |check| 1 << check as u32);
            if bit & !seen != 0 {
                seen |= bit;
                continue;
            }
            let fault = if mistakes.is_full() {
                Fault::unlisted()
            } else {
                Self::fault(item)
            };
            match PATHS.get(9 * index..9 * index + 9) {
                Some(path) => mistakes.push(fault.at(path)),
                None => mistakes.note(&|| item_path(Field::Checks.name(), index), fault),
            }
        }
    }

    /// The checks of a list that passed [`Check::check_list`].
    pub(crate) fn of_checked(items: &[Value<'_>]) -> Vec<Self> {
        let names = items.iter().filter_map(Value::as_str);
        names.filter_map(Self::find).collect()
    }

    fn find(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|check| check.as_str() == name)
    }

    /// What is wrong with an item of a list that is no check, or one that stood before.
    fn fault(item: &Value<'_>) -> Fault {
        let repeated = || {
            Fault::new(
                FieldCode::DuplicateValue,
                "This check is in the list already.",
            )
        };
        let parsed = text::string(item).and_then(Self::parse);
        parsed.err().unwrap_or_else(repeated)
    }
}
