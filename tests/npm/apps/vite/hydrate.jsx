import { init } from "@vouchkey/wasm";
import { hydrateRoot } from "react-dom/client";

import { CaptureCode } from "./SessionForm.jsx";

await init();
hydrateRoot(document.querySelector("#root"), <CaptureCode url="https://example.com/" />, {
  onRecoverableError: (error) => console.error(error),
});
document.body.dataset.hydrated = "";
