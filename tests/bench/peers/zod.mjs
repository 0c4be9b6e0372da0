import * as z from "zod";
import { CHECKS, COUNTRIES, DATE, EMAIL, PHONE, TEXT, TEXT_FIELDS, URL, WORKFLOW, fits } from "../rules.mjs";

const text = (max) => z.string().min(1).max(max).regex(new RegExp(TEXT));
const country = z.enum(COUNTRIES);
const email = z.string().max(254).regex(new RegExp(EMAIL));
const url = z.string().max(2048).regex(new RegExp(URL));

const schema = z.object({
  external_ref: text(255).optional(),
  metadata: z
    .record(z.string().min(1).max(128), z.unknown().refine(fits))
    .refine((map) => Object.keys(map).length <= 50)
    .optional(),
  country: country.optional(),
  checks: z
    .array(z.enum(CHECKS))
    .min(1)
    .refine((list) => new Set(list).size === list.length)
    .optional(),
  workflow_id: z.string().regex(new RegExp(WORKFLOW)).optional(),
  redirect_url: url.optional(),
  send_email: z.boolean().optional(),
  applicant_email: email.optional(),
  applicant_name: text(200).optional(),
  email_display_name: text(200).optional(),
  support_url: url.optional(),
  expires_in_minutes: z.int().min(10).max(4320).optional(),
  fields: z
    .strictObject({
      ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, text(255).optional()])),
      birthdate: z.string().regex(new RegExp(DATE)).optional(),
      email_address: email.optional(),
      phone_number: z.string().regex(new RegExp(PHONE)).optional(),
      address_country_code: country.optional(),
      nationality: country.optional(),
    })
    .optional(),
});

export const validate = (request) => {
  const result = schema.safeParse(request);
  return { ok: result.success, errors: result.success ? [] : result.error.issues };
};
