import * as v from "valibot";
import { CHECKS, COUNTRIES, DATE, EMAIL, PHONE, TEXT, TEXT_FIELDS, URL, WORKFLOW, fits } from "../rules.mjs";

const text = (max) => v.pipe(v.string(), v.minLength(1), v.maxLength(max), v.regex(new RegExp(TEXT)));
const country = v.picklist(COUNTRIES);
const email = v.pipe(v.string(), v.maxLength(254), v.regex(new RegExp(EMAIL)));
const url = v.pipe(v.string(), v.maxLength(2048), v.regex(new RegExp(URL)));

const schema = v.object({
  external_ref: v.optional(text(255)),
  metadata: v.optional(
    v.pipe(
      v.record(v.pipe(v.string(), v.minLength(1), v.maxLength(128)), v.pipe(v.unknown(), v.check(fits))),
      v.check((map) => Object.keys(map).length <= 50),
    ),
  ),
  country: v.optional(country),
  checks: v.optional(
    v.pipe(
      v.array(v.picklist(CHECKS)),
      v.minLength(1),
      v.check((list) => new Set(list).size === list.length),
    ),
  ),
  workflow_id: v.optional(v.pipe(v.string(), v.regex(new RegExp(WORKFLOW)))),
  redirect_url: v.optional(url),
  send_email: v.optional(v.boolean()),
  applicant_email: v.optional(email),
  applicant_name: v.optional(text(200)),
  email_display_name: v.optional(text(200)),
  support_url: v.optional(url),
  expires_in_minutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(4320))),
  fields: v.optional(
    v.strictObject({
      ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, v.optional(text(255))])),
      birthdate: v.optional(v.pipe(v.string(), v.regex(new RegExp(DATE)))),
      email_address: v.optional(email),
      phone_number: v.optional(v.pipe(v.string(), v.regex(new RegExp(PHONE)))),
      address_country_code: v.optional(country),
      nationality: v.optional(country),
    }),
  ),
});

export const validate = (request) => {
  const result = v.safeParse(schema, request);
  return { ok: result.success, errors: result.issues ?? [] };
};
