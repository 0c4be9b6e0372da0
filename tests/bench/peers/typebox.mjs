import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { CHECKS, COUNTRIES, DATE, EMAIL, PHONE, TEXT, TEXT_FIELDS, URL, WORKFLOW, fits } from "../rules.mjs";

const text = (maxLength) => Type.String({ minLength: 1, maxLength, pattern: TEXT });
const country = Type.Enum(COUNTRIES);
const email = Type.String({ maxLength: 254, pattern: EMAIL });
const url = Type.String({ maxLength: 2048, pattern: URL });
const optional = Type.Optional;

const compiled = Compile(
  Type.Object({
    external_ref: optional(text(255)),
    metadata: optional(
      Type.Object({}, {
        maxProperties: 50,
        propertyNames: Type.String({ minLength: 1, maxLength: 128 }),
        additionalProperties: Type.Refine(Type.Unknown(), fits, () => "too large"),
      }),
    ),
    country: optional(country),
    checks: optional(Type.Array(Type.Enum(CHECKS), { minItems: 1, uniqueItems: true })),
    workflow_id: optional(Type.String({ pattern: WORKFLOW })),
    redirect_url: optional(url),
    send_email: optional(Type.Boolean()),
    applicant_email: optional(email),
    applicant_name: optional(text(200)),
    email_display_name: optional(text(200)),
    support_url: optional(url),
    expires_in_minutes: optional(Type.Integer({ minimum: 10, maximum: 4320 })),
    fields: optional(
      Type.Object(
        {
          ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, optional(text(255))])),
          birthdate: optional(Type.String({ pattern: DATE })),
          email_address: optional(email),
          phone_number: optional(Type.String({ pattern: PHONE })),
          address_country_code: optional(country),
          nationality: optional(country),
        },
        { additionalProperties: false },
      ),
    ),
  }),
);

export const validate = (request) => {
  const ok = compiled.Check(request);
  return { ok, errors: ok ? [] : compiled.Errors(request) };
};
