import * as glue from "#glue";

import { engine } from "./engine.js";

/** Draws a text as a QR code: a PNG as a `data:` URL. Throws an `Error` with `code` `too_long` where it does not fit. */
export function qrPngDataUrl(text: string): string {
  engine();
  return glue.qrPngDataUrl(text);
}

/** Draws a text as a QR code: an SVG document. Throws as {@link qrPngDataUrl} does. */
export function qrSvg(text: string): string {
  engine();
  return glue.qrSvg(text);
}
