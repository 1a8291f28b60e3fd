// Finds words that the glossary rejects, and patterns of unclear sentences, in names, strings, comments and documents.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['src', 'admission-webhook', 'action/src', 'scripts', 'test', 'docs'];
const READ = /^(?:src|admission-webhook|action\/src|scripts|test)\/.*\.(?:ts|mjs)$|^docs\/.*\.md$|^[A-Z]+\.md$/;
/** The glossary itself, and this list. */
const NOT_READ = /^scripts\/words\.mjs$|^CONTRIBUTING\.md$|^CHANGELOG\.md$/;

/** @returns a line for each: `file:line: text; say ...` */
export function rejectedWords(root) {
  const { words } = JSON.parse(readFileSync(new URL('./words.json', import.meta.url), 'utf8'));
  const rules = words.map(({ word, say, in: where = '', but = [] }) => ({
    word: new RegExp(word),
    where: new RegExp(where),
    but: but.map(({ line }) => new RegExp(line)),
    say,
  }));
  const found = [];
  for (const file of filesOf(root)) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const { word, but, say } of rules.filter((rule) => rule.where.test(file) && rule.word.test(text))) {
      for (const [index, line] of text.split('\n').entries()) {
        if (!word.test(line) || but.some((allowed) => allowed.test(line))) continue;
        found.push(`${file}:${index + 1}: ${line.trim().slice(0, 100)}; say ${say}`);
      }
    }
  }
  return found;
}

function filesOf(root) {
  const within = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return [...within, ...readdirSync(root)].filter((file) => READ.test(file) && !NOT_READ.test(file));
}
