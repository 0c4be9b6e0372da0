import { init, qrPngDataUrl, validateCreateSession } from "@vouchkey/wasm";
import { typical } from "../requests.mjs";

export const answer = async () => {
  await init();
  const { ok } = validateCreateSession(typical);
  const image = qrPngDataUrl("https://id.example.com/verify/AQGiEHCVzXTjiUAf7");
  return ok && image.startsWith("data:image/png");
};
