// What every user of the package does with it; the answers must be the same everywhere.

/** The answers of a module of the package. */
export function exercise(vouchkey) {
  const context = { today: "2026-02-01", schemes: ["shop"] };
  const request = { externalRef: "order-1", country: "ch", redirect_url: "shop://done", colour: "red" };
  const mistaken = { country: "USA", send_email: true, fields: { birthdate: "2026-02-01" } };
  const cycle = {};
  cycle.self = cycle;
  return {
    names: Object.keys(vouchkey).filter((name) => name !== "default" && name !== "module.exports").sort(),
    accepted: vouchkey.validateCreateSession(request, context),
    refused: vouchkey.validateCreateSession(mistaken, context),
    unsendable: vouchkey.validateCreateSession(cycle),
    text: vouchkey.validateCreateSessionJson('{"country": "US"', context),
    bytes: vouchkey.validateCreateSessionJson(new TextEncoder().encode('{"checks": []}'), context),
    field: vouchkey.validateField("fields.birthdate", "2026-02-01", context),
    file: [...vouchkey.qrPngBytes("https://example.com/")],
    png: vouchkey.qrPngDataUrl("https://example.com/"),
    svg: vouchkey.qrSvg("https://example.com/"),
    limit: vouchkey.LIMITS.maxMetadataKeys,
  };
}
