import { defineConfig } from "vite";

// The stage is the command line's: vite build --outDir DIR (tools/www.sh).
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    emptyOutDir: true,
    rollupOptions: { input: ["index.html", "docs.html"] },
    target: "es2022",
    // The content security policy has no place for data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    reportCompressedSize: false,
  },
  server: { fs: { allow: [".."] } },
});
