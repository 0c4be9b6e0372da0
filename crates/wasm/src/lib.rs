//! The JavaScript face of vouchkey-types and vouchkey-qr, and the API client.
