import { Ajv } from "ajv";
import { CHECKS, COUNTRIES, DATE, EMAIL, PHONE, TEXT, TEXT_FIELDS, URL, WORKFLOW, fits } from "../rules.mjs";

const text = (maxLength) => ({ type: "string", minLength: 1, maxLength, pattern: TEXT });
const country = { enum: COUNTRIES };
const email = { type: "string", maxLength: 254, pattern: EMAIL };
const url = { type: "string", maxLength: 2048, pattern: URL };

const ajv = new Ajv({ allErrors: true });
ajv.addKeyword({ keyword: "fits", validate: (_, value) => fits(value), errors: false });

const compiled = ajv.compile({
  type: "object",
  properties: {
    external_ref: text(255),
    metadata: {
      type: "object",
      maxProperties: 50,
      propertyNames: { minLength: 1, maxLength: 128 },
      additionalProperties: { fits: true },
    },
    country,
    checks: { type: "array", items: { enum: CHECKS }, minItems: 1, uniqueItems: true },
    workflow_id: { type: "string", pattern: WORKFLOW },
    redirect_url: url,
    send_email: { type: "boolean" },
    applicant_email: email,
    applicant_name: text(200),
    email_display_name: text(200),
    support_url: url,
    expires_in_minutes: { type: "integer", minimum: 10, maximum: 4320 },
    fields: {
      type: "object",
      additionalProperties: false,
      properties: {
        ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, text(255)])),
        birthdate: { type: "string", pattern: DATE },
        email_address: email,
        phone_number: { type: "string", pattern: PHONE },
        address_country_code: country,
        nationality: country,
      },
    },
  },
});

export const validate = (request) => {
  const ok = compiled(request);
  return { ok, errors: compiled.errors ?? [] };
};
