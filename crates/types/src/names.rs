//! The API's own names and what else they are called (decisions, "Names on the wire").

mod envelope;
mod index;
mod nearest;

pub(crate) use envelope::open_envelope;
pub use index::is_spelling_of;
pub use nearest::{nearest, nearest_field, nearest_prefill_field};

use index::Index;

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

static FIELDS: Index = Index::of(&Field::TABLE);
static PREFILL_FIELDS: Index = Index::of(&PrefillField::TABLE);

#[cfg(test)]
mod tests {
    use super::*;

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
}
