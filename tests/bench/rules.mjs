// The rules that the peers have in common, as far as a pattern or a list can say them.

export const COUNTRIES =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split(
    " ",
  );

export const CHECKS = [
  "document_ocr", "document_expiration", "id_document_filter", "face_match", "age_verification", "nfc_chip_auth",
  "proof_of_address_check", "watchlist_screening", "aml_screening", "risk_assessment", "duplicate_detection",
  "identity_crossref", "email_risk_enhanced", "phone_risk_enhanced", "check_against_list", "auto_approve",
];

// Control and bidirectional characters are refused.
export const TEXT = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*$";
export const EMAIL =
  "^[a-zA-Z0-9.!#$%&'*+\\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$";
export const URL = "^https?:\\/\\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[\\/?#][!-~]*)?$";
export const PHONE = "^\\+[1-9][0-9]{6,14}$";
export const DATE = "^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$";
export const WORKFLOW = "^wfl_[0-9a-hjkmnp-tv-z]{26}$";

/** The prefill fields that are plain text. */
export const TEXT_FIELDS = [
  "name_first", "name_middle", "name_last", "address_street_1", "address_street_2", "address_city",
  "address_subdivision", "address_postal_code", "identification_number",
];

const encoder = new TextEncoder();

/** What no schema language has a word for: the bytes of a value as compact JSON. */
export const fits = (value) => encoder.encode(JSON.stringify(value)).length <= 16_384;
