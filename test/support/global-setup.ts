import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

/** The sandbox's child runs compiled code, from `dist`: built anew when a source is younger. Types are checked elsewhere. */
export function setup(): void {
  const sources = ['src', join('admission-webhook', 'src')];
  if (Math.max(...sources.map((folder) => youngest(join(ROOT, folder)))) <= builtAt()) return;
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck'], { cwd: ROOT, stdio: 'inherit' });
}

function builtAt(): number {
  return statSync(join(ROOT, 'dist', 'src', 'sandbox', 'child.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function youngest(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(0, ...entries.filter((e) => e.isFile()).map((e) => statSync(join(e.parentPath, e.name)).mtimeMs));
}
