// The rules once more as types, since typia reads nothing else.
import typia, { tags } from "typia";
import { fits } from "../rules.mjs";

type Text<Max extends number> = string & tags.MinLength<1> & tags.MaxLength<Max> & tags.Pattern<"^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*$">;
type Email = string & tags.MaxLength<254> & tags.Pattern<"^[a-zA-Z0-9.!#$%&'*+\\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$">;
type Url = string & tags.MaxLength<2048> & tags.Pattern<"^https?:\\/\\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[\\/?#][!-~]*)?$">;
type Phone = string & tags.Pattern<"^\\+[1-9][0-9]{6,14}$">;
type Day = string & tags.Pattern<"^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$">;
type Workflow = string & tags.Pattern<"^wfl_[0-9a-hjkmnp-tv-z]{26}$">;
// prettier-ignore
type Country = "AD" | "AE" | "AF" | "AG" | "AI" | "AL" | "AM" | "AO" | "AQ" | "AR" | "AS" | "AT" | "AU" | "AW" | "AX" | "AZ" | "BA" | "BB" | "BD" | "BE" | "BF" | "BG" | "BH" | "BI" | "BJ" | "BL" | "BM" | "BN" | "BO" | "BQ" | "BR" | "BS" | "BT" | "BV" | "BW" | "BY" | "BZ" | "CA" | "CC" | "CD" | "CF" | "CG" | "CH" | "CI" | "CK" | "CL" | "CM" | "CN" | "CO" | "CR" | "CU" | "CV" | "CW" | "CX" | "CY" | "CZ" | "DE" | "DJ" | "DK" | "DM" | "DO" | "DZ" | "EC" | "EE" | "EG" | "EH" | "ER" | "ES" | "ET" | "FI" | "FJ" | "FK" | "FM" | "FO" | "FR" | "GA" | "GB" | "GD" | "GE" | "GF" | "GG" | "GH" | "GI" | "GL" | "GM" | "GN" | "GP" | "GQ" | "GR" | "GS" | "GT" | "GU" | "GW" | "GY" | "HK" | "HM" | "HN" | "HR" | "HT" | "HU" | "ID" | "IE" | "IL" | "IM" | "IN" | "IO" | "IQ" | "IR" | "IS" | "IT" | "JE" | "JM" | "JO" | "JP" | "KE" | "KG" | "KH" | "KI" | "KM" | "KN" | "KP" | "KR" | "KW" | "KY" | "KZ" | "LA" | "LB" | "LC" | "LI" | "LK" | "LR" | "LS" | "LT" | "LU" | "LV" | "LY" | "MA" | "MC" | "MD" | "ME" | "MF" | "MG" | "MH" | "MK" | "ML" | "MM" | "MN" | "MO" | "MP" | "MQ" | "MR" | "MS" | "MT" | "MU" | "MV" | "MW" | "MX" | "MY" | "MZ" | "NA" | "NC" | "NE" | "NF" | "NG" | "NI" | "NL" | "NO" | "NP" | "NR" | "NU" | "NZ" | "OM" | "PA" | "PE" | "PF" | "PG" | "PH" | "PK" | "PL" | "PM" | "PN" | "PR" | "PS" | "PT" | "PW" | "PY" | "QA" | "RE" | "RO" | "RS" | "RU" | "RW" | "SA" | "SB" | "SC" | "SD" | "SE" | "SG" | "SH" | "SI" | "SJ" | "SK" | "SL" | "SM" | "SN" | "SO" | "SR" | "SS" | "ST" | "SV" | "SX" | "SY" | "SZ" | "TC" | "TD" | "TF" | "TG" | "TH" | "TJ" | "TK" | "TL" | "TM" | "TN" | "TO" | "TR" | "TT" | "TV" | "TW" | "TZ" | "UA" | "UG" | "UM" | "US" | "UY" | "UZ" | "VA" | "VC" | "VE" | "VG" | "VI" | "VN" | "VU" | "WF" | "WS" | "YE" | "YT" | "ZA" | "ZM" | "ZW";
// prettier-ignore
type Check = "document_ocr" | "document_expiration" | "id_document_filter" | "face_match" | "age_verification" | "nfc_chip_auth" | "proof_of_address_check" | "watchlist_screening" | "aml_screening" | "risk_assessment" | "duplicate_detection" | "identity_crossref" | "email_risk_enhanced" | "phone_risk_enhanced" | "check_against_list" | "auto_approve";

interface Fields {
  name_first?: Text<255>;
  name_middle?: Text<255>;
  name_last?: Text<255>;
  address_street_1?: Text<255>;
  address_street_2?: Text<255>;
  address_city?: Text<255>;
  address_subdivision?: Text<255>;
  address_postal_code?: Text<255>;
  identification_number?: Text<255>;
  birthdate?: Day;
  email_address?: Email;
  phone_number?: Phone;
  address_country_code?: Country;
  nationality?: Country;
}

interface Request {
  external_ref?: Text<255>;
  metadata?: Record<string, unknown>;
  country?: Country;
  checks?: Check[] & tags.MinItems<1> & tags.UniqueItems;
  workflow_id?: Workflow;
  redirect_url?: Url;
  send_email?: boolean;
  applicant_email?: Email;
  applicant_name?: Text<200>;
  email_display_name?: Text<200>;
  support_url?: Url;
  expires_in_minutes?: number & tags.Type<"int32"> & tags.Minimum<10> & tags.Maximum<4320>;
  fields?: object;
}

const compiled = typia.createValidate<Request>();
const compiledFields = typia.createValidateEquals<Fields>();

// What its types cannot say: the names that may stand in `fields` alone, and the bounds of the metadata.
const rest = (request: Request): unknown[] => {
  const errors: unknown[] = [];
  const entries = Object.entries(request.metadata ?? {});
  if (entries.length > 50) errors.push("metadata");
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128 || !fits(value)) errors.push(key);
  }
  if (request.fields !== undefined) {
    const fields = compiledFields(request.fields);
    if (!fields.success) errors.push(...fields.errors);
  }
  return errors;
};

export const validate = (request: Request) => {
  const result = compiled(request);
  const errors = [...(result.success ? [] : result.errors), ...rest(request)];
  return { ok: errors.length === 0, errors };
};
