// Makes the directory that jailnetd-server serves: plain files beside each other, their gzip and brotli forms, and the manifest.
// usage: node pack.mjs STAGE OUT
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const types = {
  ".html": "text/html;charset=utf-8",
  ".js": "text/javascript;charset=utf-8",
  ".css": "text/css;charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const compressible = new Set([".html", ".js", ".css", ".json", ".svg"]);

const [stage, out] = process.argv.slice(2);
const making = `${out}.new`;
rmSync(making, { recursive: true, force: true });
mkdirSync(making, { recursive: true });

const pages = readdirSync(stage).filter((name) => name.endsWith(".html"));
const assets = readdirSync(join(stage, "assets"));
const lines = [];
const sizes = new Map();

function put(path, source) {
  const ending = extname(source);
  const type = types[ending];
  if (type === undefined) throw new Error(`pack: no content type for ${source}`);
  const data = readFileSync(source);
  const tag = createHash("sha256").update(data).digest("hex").slice(0, 20);
  const forms = [["identity", "", data]];
  if (compressible.has(ending) && data.length > 512) {
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: data.length > 1e6 ? 9 : 11 } };
    forms.push(["gzip", ".gz", gzipSync(data, { level: 9 })], ["br", ".br", brotliCompressSync(data, options)]);
  }
  for (const [coding, suffix, bytes] of forms) {
    const name = basename(source) + suffix;
    writeFileSync(join(making, name), bytes, { mode: 0o644 });
    lines.push(`${path} ${type} ${tag} ${coding} ${name}`);
  }
  sizes.set(path, forms.length > 1 ? forms[1][2].length : data.length);
}

for (const page of pages) put(page === "index.html" ? "/" : `/${page.replace(/\.html$/, "")}`, join(stage, page));
for (const asset of assets) put(`/assets/${asset}`, join(stage, "assets", asset));
writeFileSync(join(making, "manifest"), lines.map((line) => `${line}\n`).join(""), { mode: 0o644 });
rmSync(out, { recursive: true, force: true });
renameSync(making, out);

// First view: the page, and what it names.
const html = readFileSync(join(stage, "index.html"), "utf8");
const first = [...sizes].filter(([path]) => html.includes(path) && path.endsWith(".js"));
const total = first.reduce((sum, [, size]) => sum + size, 0);
console.log(`dashboard: ${(total / 1024).toFixed(1)} KiB of compressed script on the first view`);
if (total > 250 * 1024) throw new Error("pack: more than 250 KiB of script on the first view");
