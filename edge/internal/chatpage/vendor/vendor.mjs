// Copies the libraries of the chat page from npm into ../assets/vendor, with their
// licences, and notes what they are. npm checks them against package-lock.json.
//
//   node edge/internal/chatpage/vendor/vendor.mjs
//
// To take newer ones: npm install NAME@VERSION --ignore-scripts in this directory first.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const to = join(here, "..", "assets", "vendor");
const libraries = [
  { name: "marked", file: "lib/marked.esm.js", as: "marked.js", licence: "LICENSE", use: "Markdown to HTML" },
  { name: "@highlightjs/cdn-assets", file: "es/highlight.min.js", as: "highlight.js", licence: "LICENSE", use: "colours for code" },
  { name: "dompurify", file: "dist/purify.es.mjs", as: "purify.js", licence: "LICENSE", use: "keeps only harmless HTML" },
];

const work = mkdtempSync(join(tmpdir(), "pawstream-vendor-"));
try {
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(here, file), join(work, file));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: work, stdio: "inherit" });
  const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  const note = libraries.map(({ name, file, as, licence, use }) => {
    const from = join(work, "node_modules", name);
    const about = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
    // Without the line that points to a source map, which is not here.
    const text = readFileSync(join(from, file), "utf8").replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
    writeFileSync(join(to, as), text);
    cpSync(join(from, licence), join(to, `${as}.LICENSE`));
    const sha256 = createHash("sha256").update(text).digest("hex");
    const { integrity } = lock.packages[`node_modules/${name}`];
    return { file: as, name, version: about.version, licence: about.license, use, from: file, integrity, sha256 };
  });
  writeFileSync(join(to, "vendored.json"), `${JSON.stringify(note, null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true });
}
