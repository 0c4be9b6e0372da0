// What apps/exercise.js must answer, wherever it runs.

import assert from "node:assert/strict";

const INVALID = { ok: false, error: "invalid_json", errors: [], warnings: [] };

/** The right answers, for comparison with these, of which only the pictures and sentences are taken over. */
export function expected(answer) {
  const { names, unsendable, text, bytes, file, png, svg } = answer;
  assert.ok(["init", "initSync", "LIMITS", "validateCreateSession"].every((name) => names.includes(name)));
  assert.match(png, /^data:image\/png;base64,iVBOR/);
  assert.equal(png, `data:image/png;base64,${Buffer.from(file).toString("base64")}`);
  assert.match(svg, /^<svg |^<\?xml/);
  return {
    names,
    accepted: {
      ok: true,
      value: {
        external_ref: "order-1",
        metadata: {},
        country: "CH",
        redirect_url: "shop://done",
        send_email: false,
        expires_in_minutes: 1440,
        fields: {},
      },
      warnings: [{ field: "colour", code: "unknown_field", message: "This field is not known." }],
    },
    refused: {
      ok: false,
      error: "validation_failed",
      detail: answer.refused.detail,
      errors: [
        {
          field: "country",
          code: "unknown_value",
          message: "Must be the two-letter code of a country (ISO 3166-1 alpha-2), such as US.",
        },
        {
          field: "applicant_email",
          code: "required",
          message:
            "Is needed to send the invitation: give it here or as metadata.applicant_email, or leave send_email out.",
        },
        {
          field: "fields.birthdate",
          code: "out_of_range",
          message: "Must be from 1900-01-01 to the day before today.",
        },
      ],
      warnings: [],
    },
    unsendable: { ...INVALID, detail: unsendable.detail },
    text: { ...INVALID, detail: text.detail },
    bytes: {
      ok: false,
      error: "validation_failed",
      detail: bytes.detail,
      errors: [
        {
          field: "checks",
          code: "empty",
          message: "Must name at least one check; leave the field out for the workflow's own.",
        },
      ],
      warnings: [],
    },
    field: [
      {
        field: "fields.birthdate",
        code: "out_of_range",
        message: "Must be from 1900-01-01 to the day before today.",
      },
    ],
    file,
    png,
    svg,
    limit: 50,
  };
}
