import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from './package-root.ts';

/** Assay's version, from the package that this file is part of. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8'));
  const known =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return String(known);
}
