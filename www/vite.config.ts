import { defineConfig, type Plugin } from "vite";

/** swagger-ui's stylesheet carries its pictures as data: URLs, for which the content security policy has no place: they become files. */
const picturesAsFiles: Plugin = {
  name: "pictures-as-files",
  enforce: "pre",
  transform(css, id) {
    if (!id.endsWith("swagger-ui.css")) return null;
    const code = css
      .replace(/url\((["'])data:image\/svg\+xml[^,]*,(.*?)\1\)/g, (_, _quote: string, svg: string) => {
        const file = this.emitFile({ type: "asset", name: "sign.svg", source: decodeURIComponent(svg) });
        return `url(__VITE_ASSET__${file}__)`;
      })
      .replace(/url\(data:[^)]*\)/g, "none"); // its debugging grids
    return { code, map: null };
  },
};

// The stage is the command line's: vite build --outDir DIR (tools/www.sh).
export default defineConfig({
  plugins: [picturesAsFiles],
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
