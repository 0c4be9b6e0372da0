// Answers with the package's verdict, a line for a line: bodies in Base64 on standard input, verdicts as JSON on
// standard output. The argument is the package's folder.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { validateCreateSessionJson } = createRequire(import.meta.url)(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
  const { ok, value, error, detail, errors, warnings } = validateCreateSessionJson(Buffer.from(line, "base64"));
  process.stdout.write(`${JSON.stringify({ ok, value, error, detail, errors, warnings })}\n`);
}
