// Colours for code: comments, texts, numbers and the words of a language. It knows no grammar, and so is small, and wrong
// in places where only a parser is right. What it does not know stays as it is.

const words = new Set((
  "abstract and as assert async await base bool boolean break byte case catch chan char class const continue crate def default defer del delete do double echo elif else end " +
  "enum esac except exec export extends extern fallthrough false False fi final finally float fn for foreach from func function global go goto if impl implements import in include " +
  "instanceof int interface is lambda let local long loop map match message mod module move mut namespace new nil None nonlocal not null of or package pass private protected " +
  "protocol pub public raise range readonly ref repeated require return rpc select self service set short signed sizeof static string struct super switch syntax then this throw throws trait " +
  "true True try type typeof undefined union unsafe unsigned until use using var virtual void when where while with yield " +
  "SELECT FROM WHERE AND OR NOT NULL INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE JOIN LEFT ON GROUP BY ORDER LIMIT AS"
).split(" "));

const [slashes, hash, dashes, angles] = [/\/\/.*|\/\*[^]*?(?:\*\/|$)/, /(?<![^\s;(])#.*/, /--.*/, /<!--[^]*?(?:-->|$)/].map((r) => r.source);
const double = /"(?:[^"\\\n]|\\.)*"/.source;
const texts = `${double}|${/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`/.source}`;

/** How comments and texts look, by language. */
const looks = Object.entries({
  "c c++ cpp cs csharp css dart go java js javascript json jsonc jsx kotlin mjs php proto scss swift ts tsx typescript": [slashes, texts],
  "rust rs": [slashes, double],
  "bash console dockerfile fish ini make makefile perl py python r rb ruby sh shell toml yaml yml zsh": [hash, texts],
  "haskell hs lua sql": [dashes, texts],
  "html svg vue xml": [angles, `${double}|</?[\\w-]+|/?>`],
}).flatMap(([names, [comment, text]]) => {
  const pattern = new RegExp(`(?<comment>${comment})|(?<text>${text})|(?<number>(?<![\\w.])\\d[\\w.]*)|(?<word>[A-Za-z_]\\w*)`, "g");
  return names.split(" ").map((name) => [name, pattern]);
});
const patterns = new Map(looks);

/** Gives the code of an element its colours, if its language is known. What it says stays the same. */
export function highlight(code, language) {
  const pattern = patterns.get(language.toLowerCase());
  if (!pattern) return;
  const source = code.textContent;
  const parts = [];
  let end = 0;
  for (const { 0: found, index, groups } of source.matchAll(pattern)) {
    const [kind] = Object.entries(groups).find(([, text]) => text !== undefined);
    if (kind === "word" && !words.has(found)) continue;
    const part = document.createElement("span");
    part.dataset.token = kind;
    part.textContent = found;
    parts.push(source.slice(end, index), part);
    end = index + found.length;
  }
  code.replaceChildren(...parts.filter((part) => part !== ""), source.slice(end));
}
