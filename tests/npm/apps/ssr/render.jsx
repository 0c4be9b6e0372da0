// What the server renders: by `vite build --ssr`, run in Node.
import { renderToString } from "react-dom/server";

import { CaptureCode, SessionForm } from "../vite/SessionForm.jsx";

export const code = renderToString(<CaptureCode url="https://example.com/" />);
export const form = renderToString(<SessionForm />);
