import { readFileSync } from 'node:fs';

/** Functions of the releases of libraries, as known_code.mjs lists them. */
interface KnownCode {
  readonly libraries: Readonly<Record<string, KnownLibrary>>;
}

interface KnownLibrary {
  readonly versions: string;
  readonly pythons: string;
  /** By module and qualified name, digests: one for each different code. */
  readonly functions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

let digests: ReadonlySet<string> | undefined;

/** Whether a release of a library has a function with this digest. The list is read when a stream carries code, not before. */
export function hasDigest(digest: string): boolean {
  digests ??= readDigests();
  return digests.has(digest);
}

function readDigests(): ReadonlySet<string> {
  const file = readFileSync(new URL('./known-code.json', import.meta.url), 'utf8');
  const { libraries } = JSON.parse(file) as KnownCode;
  const functions = Object.values(libraries).flatMap((library) => Object.values(library.functions));
  return new Set(functions.flatMap((names) => Object.values(names).flatMap((own) => own.split(' '))));
}
