import type { Artifact, ArtifactFile } from '../../core/index.ts';
import { createHasher, SHA256_PLAN, wholeDigest } from '../../integrity/hash/index.ts';
import type { SignedFile } from '../../integrity/oms/index.ts';

/** What people write into them is far shorter. */
const MAX_BYTES = 64 * 1024;

const PATTERN = String.raw`(?:"(?:[^"\\]|\\.)+"|[^\s"#]\S*)`;
const ATTRIBUTE = String.raw`[-!]?[A-Za-z0-9_.-]+(?:=\S+)?`;

const RULE = new RegExp(`^[ \\t]*${PATTERN}(?:[ \\t]+${ATTRIBUTE})+[ \\t]*$`);
const isBlank = (line: string) => /^[ \t]*(?:#|$)/.test(line);

type Grammar = (lines: readonly string[]) => boolean;

/** Each file that git reads at the top of a checkout. Source: gitattributes(5), gitignore(5), gitrepository-layout(5). */
const GRAMMARS: ReadonlyMap<string, Grammar> = new Map<string, Grammar>([
  ['.git', ([first = '', ...rest]) => first.startsWith('gitdir: ') && rest.join('') === ''],
  ['.gitattributes', (lines) => lines.every((line) => isBlank(line) || RULE.test(line))],
  // Any line is a pattern.
  ['.gitignore', () => true],
]);

/** Instructions of a pickle that work without a value before them: a text that starts with another one ends its loader at once. */
const STARTS_PICKLE = /^[(NILFSVTKMJUXBCcP\])}]/;
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/**
 * Paths of the files that are git's own by name and by content, read again and held against the digest. Under such a name anything
 * else is a file like others, which a signature covers or not.
 */
export async function gitsOwnFiles(artifact: Artifact, files: readonly SignedFile[]): Promise<ReadonlySet<string>> {
  const own = new Set<string>();
  for (const file of artifact.files) {
    const signed = GRAMMARS.has(file.path) ? files.find(({ path }) => path === file.path) : undefined;
    if (signed !== undefined && (await isGits(file, signed))) own.add(file.path);
  }
  return own;
}

async function isGits(file: ArtifactFile, { digests, size }: SignedFile): Promise<boolean> {
  const expected = wholeDigest(digests, 'sha256');
  if (expected === undefined || size > MAX_BYTES) return false;
  const source = await file.open();
  try {
    if (source.size !== size) return false;
    const bytes = await source.read(0, size);
    const hasher = await createHasher([SHA256_PLAN], bytes.length);
    hasher.update(bytes);
    return wholeDigest(hasher.digest(), 'sha256') === expected && isWrittenForGit(file.path, bytes);
  } finally {
    await source.close();
  }
}

/** Whether the bytes are what git reads under this name, and nothing that a loader of models could start with. */
export function isWrittenForGit(path: string, bytes: Uint8Array): boolean {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return false;
  }
  return !CONTROL.test(text) && !STARTS_PICKLE.test(text) && GRAMMARS.get(path)?.(text.split(/\r?\n/)) === true;
}
