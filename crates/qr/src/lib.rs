//! Text to a QR code as a PNG data URL or SVG; the same bytes in browser, Node and server.
