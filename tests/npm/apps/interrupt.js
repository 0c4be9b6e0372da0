// Calls of the package that are interrupted, by a stack that overflows or by an exception from below, and what it says
// afterwards.

const mistaken = { country: "USA", fields: { birthdate: "x" } };
const large = { metadata: { text: "x".repeat(16_000), number: 1.5e-7 } };

/** What the package says when all is well. */
export function answers({ qrSvg, validateCreateSession, validateCreateSessionJson, validateField, verifyWebhook }) {
  return JSON.stringify([
    validateCreateSession(mistaken),
    validateCreateSession(large),
    validateCreateSessionJson(JSON.stringify({ country: "x".repeat(300_000) })),
    validateField("country", "USA"),
    qrSvg("https://example.com/").length,
    verifyWebhook?.("{}", { "webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,YQ==" }, "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"),
  ]);
}

/** What it says after each of many interruptions; all different answers, of which there should be one. */
export function interrupted(vouchkey) {
  const said = new Set([answers(vouchkey)]);
  const calls = [
    () => vouchkey.validateCreateSession(mistaken),
    () => vouchkey.validateCreateSession(large).value,
    () => vouchkey.validateField("country", "USA"),
    () => vouchkey.qrSvg("https://example.com/"),
  ];
  let interruptions = 0;
  for (let round = 0; round < 40; round++) {
    // From the end of the stack upwards, each time with a little more room: somewhere it ends inside the module.
    let left = 60;
    const dive = () => {
      try {
        dive();
      } catch {
        // Here the stack ended.
      }
      if (left-- > 0) {
        try {
          calls[round % calls.length]();
        } catch {
          interruptions++;
        }
      }
    };
    dive();
    said.add(answers(vouchkey));
  }
  const { parseFloat } = globalThis;
  for (const call of calls) {
    // The module reads numbers with it.
    globalThis.parseFloat = () => {
      throw new Error("interrupted");
    };
    try {
      call();
    } catch {
      interruptions++;
    }
    globalThis.parseFloat = parseFloat;
    said.add(answers(vouchkey));
  }
  return { interruptions, said: [...said] };
}
