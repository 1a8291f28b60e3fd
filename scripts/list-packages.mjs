// Writes which shipped lists have names of which package, so that a scan reads those lists alone. Run it when a list changes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const PICKLE = new URL('../src/scan/pickle/', import.meta.url);
const folder = new URL('allowlists/', PICKLE);
const packages = new Map();
for (const file of readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.json'))
  .sort()) {
  const { globals = [], groups = [] } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  const modules = [...globals.map(([module]) => module), ...groups.flatMap(([, , names]) => Object.keys(names))];
  for (const name of new Set(modules.map((module) => module.split('.')[0])))
    packages.set(name, [...(packages.get(name) ?? []), file]);
}
const sorted = [...packages].sort(([one], [other]) => (one < other ? -1 : 1));
const lines = sorted.map(
  ([name, files]) => `  ${JSON.stringify(name)}: [${files.map((file) => JSON.stringify(file)).join(', ')}]`,
);
writeFileSync(process.argv[2] ?? new URL('list-packages.json', PICKLE), `{\n${lines.join(',\n')}\n}\n`);
