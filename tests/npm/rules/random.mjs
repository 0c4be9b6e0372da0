// Random JavaScript values, the same in every run: requests that are nearly right, and everything else there is.

const NAMES = [
  "external_ref", "referenceId", "metadata", "country", "checks", "workflow_id", "redirect_url", "returnUrl", "send_email",
  "applicant_email", "applicant-name", "email_display_name", "support_url", "expires_in_minutes", "expiresInMinutes",
  "fields", "prefill", "name_first", "dateOfBirth", "phone", "nationality", "data", "attributes", "other", "__proto__",
];
const TEXTS = [
  "", "a", "CH", "us", "UK", "face_match", "https://example.com/x", "javascript:alert(1)", "a@b.example", "1990-02-28",
  "+14155550123", "\u0000", "\ud800", "\udc00\ud83d", "😀", "\u202e", "محمد", "=?", "x".repeat(300), "é".repeat(9_000),
];

/** So many of them. */
export function* randomValues(count) {
  let state = 0x2545f491;
  const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const pick = (list) => list[random(list.length)];
  const fail = () => {
    throw new Error("random");
  };
  const odd = [
    () => undefined,
    () => Symbol("s"),
    () => 10n,
    () => fail,
    () => new Date(random(2) ? NaN : 0),
    () => new Map([["a", 1]]),
    () => new Set([1]),
    () => /x/,
    () => new Error("x"),
    () => new WeakMap(),
    () => new ArrayBuffer(8),
    () => new Uint8Array(random(60)).fill(random(256)),
    () => new Float64Array([NaN, 1e300]),
    () => new Proxy({}, { get: fail }),
    () => new Proxy({}, { ownKeys: fail }),
    () => new Proxy([], {}),
    () => ({ toJSON: fail }),
    () => ({ get country() { return fail(); } }),
    () => Object.create(null),
    () => new (class { #hidden = 1; country = "CH"; })(),
    () => { const list = []; list.push(list); return list; },
    () => globalThis,
    () => new Promise(() => {}),
    () => Object(Symbol.iterator),
    () => new String("CH"),
  ];
  const number = () => pick([0, -0, 1, 10, 60, 1440.5, 4321, NaN, -Infinity, 1e21, 5e-324, 2 ** 53, random(5_000), Math.PI * random(1e6)]);
  const value = (depth) => {
    const kind = random(depth > 3 ? 12 : 20);
    if (kind < 5) return pick(TEXTS);
    if (kind < 8) return number();
    if (kind < 10) return random(2) === 1;
    if (kind < 11) return null;
    if (kind < 12) return random(6) === 0 ? pick(odd)() : "CH";
    if (kind < 15) return Array.from({ length: random(4) }, () => value(depth + 1));
    return object(depth + 1);
  };
  const object = (depth) => {
    const made = {};
    for (let members = random(5); members > 0; members--) {
      Object.defineProperty(made, pick(NAMES), { value: value(depth), enumerable: true, configurable: true, writable: true });
    }
    return made;
  };
  for (let made = 0; made < count; made++) {
    yield random(8) === 0 ? pick(odd)() : random(5) === 0 ? value(0) : object(0);
  }
}
