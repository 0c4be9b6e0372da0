// The three requests that every validator is timed with.

const text = (length) => "Lorem ipsum dolor sit amet, consectetur. ".repeat(Math.ceil(length / 41)).slice(0, length);

/** About 1 KB: what a backend sends. */
export const typical = {
  external_ref: "order-2026-000123",
  country: "US",
  checks: ["document_ocr", "face_match", "age_verification", "watchlist_screening"],
  redirect_url: "https://shop.example.com/orders/2026-000123/verified?step=2",
  support_url: "https://shop.example.com/help",
  send_email: true,
  applicant_email: "ada.lovelace@example.com",
  applicant_name: "Ada Lovelace",
  email_display_name: "Example Shop",
  expires_in_minutes: 1440,
  metadata: {
    customer_id: "cus_000000000123",
    plan: "business",
    seats: 25,
    invited_by: { id: 17, name: "Grace Hopper" },
    note: text(160),
  },
  fields: {
    name_first: "Ada",
    name_last: "Lovelace",
    birthdate: "1990-12-10",
    email_address: "ada.lovelace@example.com",
    phone_number: "+14155550100",
    address_street_1: "1 Main Street",
    address_city: "Springfield",
    address_subdivision: "IL",
    address_postal_code: "62701",
    address_country_code: "US",
    nationality: "US",
  },
};

/** Fifty metadata values of 1 KB. */
export const large = {
  ...typical,
  metadata: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key_${index}`, text(1024)])),
};

/** The typical request with ten mistakes. */
export const broken = {
  ...typical,
  country: "USA",
  checks: ["document_ocr", "palm_reading", "document_ocr"],
  redirect_url: "ftp://shop.example.com/",
  support_url: "shop.example.com/help",
  send_email: "yes",
  applicant_email: "ada.lovelace@@example.com",
  applicant_name: "",
  expires_in_minutes: 5,
  fields: { ...typical.fields, birthdate: "1990-02-30", phone_number: "0155" },
};
