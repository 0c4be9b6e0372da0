import QRCode from "qrcode";
import { validate } from "../peers/zod.mjs";
import { typical } from "../requests.mjs";

export const answer = async () => {
  const { ok } = validate(typical);
  const image = await QRCode.toDataURL("https://id.example.com/verify/AQGiEHCVzXTjiUAf7", { errorCorrectionLevel: "M" });
  return ok && image.startsWith("data:image/png");
};
