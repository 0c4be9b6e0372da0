import { verify } from "./quick-start.js";

const errors = await verify({ country: "USA", expires_in_minutes: 5 });
const picture = document.querySelector("img");
const early = picture.src;
const none = await verify({ external_ref: "order-1001", country: "US" });
await picture.decode();
const outcome = { errors, early, none: none ?? null, picture: picture.src };
document.querySelector("#outcome").textContent = JSON.stringify(outcome);
