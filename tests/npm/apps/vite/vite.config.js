import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const PAGES = ["exercise.html", "quick-start.html", "react.html", "vue.html", "hydrate.html"];

export default defineConfig({
  plugins: [vue()],
  logLevel: "warn",
  build: { rolldownOptions: { input: PAGES }, emptyOutDir: true },
});
