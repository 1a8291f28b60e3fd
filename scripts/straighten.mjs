// After the compiler, before anything is joined: makes the modules of `dist` import what they need from where it is declared, and
// puts the bytes of the sources where the compiler wrote JSON in a form of its own, because the digest of the rules is over them; SQL
// statements, which it does not know, too.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { straightenTree } from './straight-imports.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

straightenTree(join(ROOT, 'dist'));
for (const entry of readdirSync(join(ROOT, 'src'), { withFileTypes: true, recursive: true })) {
  if (!entry.isFile() || !/\.(?:json|sql)$/.test(entry.name)) continue;
  const from = join(entry.parentPath, entry.name);
  const to = join(ROOT, 'dist', relative(ROOT, from));
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
