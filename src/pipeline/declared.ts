import type { Declared, Finding } from '../core/assessment/index.ts';
import type { ByteSource } from '../core/bytes/index.ts';
import { type Artifact, isAssayError } from '../core/index.ts';
import { isRepoName } from '../core/reference/index.ts';
import {
  type CodeReference,
  declaringKind,
  type Fact,
  readFacts,
  type ToldFacts,
} from '../formats/model-card/index.ts';
import { type NamedRepository, nameFindings } from '../scan/names/index.ts';

/** The declarations of one file of an artifact. */
export interface FileDeclaration {
  readonly path: string;
  /** `undefined` when it could not be read; a note says why. */
  readonly facts: ToldFacts | undefined;
  readonly notes: readonly string[];
}

/** The declarations of an artifact, and notes about them. */
export interface DeclaredByArtifact {
  readonly declared: Declared;
  /** Names that look like others, and revisions that can move. */
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Values that are kept of each fact of an artifact. */
const MAX_JOINED = 100;
const MAX_NOTE = 200;

/**
 * Reads what a file declares, from the source that was just scanned: what is read comes from that source's own cache. A file
 * that cannot be parsed only causes a note: declarations do not decide a verdict.
 * @returns `undefined` when a file of this name declares nothing.
 * @throws AssayError `aborted`, `internal`.
 */
export async function readDeclaration(path: string, source: ByteSource): Promise<FileDeclaration | undefined> {
  const kind = declaringKind(path);
  if (kind === undefined) return undefined;
  try {
    const facts = await readFacts(kind, path, source);
    const notes =
      facts.dropped === 0 ? [] : [`${path}: ${facts.dropped} declared values are too long or too many to keep`];
    return { path, facts: facts.told(), notes };
  } catch (error) {
    if (!isAssayError(error) || error.code === 'aborted' || error.code === 'internal') throw error;
    const notes = [`${path}: its declarations cannot be read: ${error.message.slice(0, MAX_NOTE)}`];
    return { path, facts: undefined, notes };
  }
}

/** Joins the declarations of the files of an artifact; those of the card come first. */
export function joinDeclarations(artifact: Artifact, declarations: readonly FileDeclaration[]): DeclaredByArtifact {
  const ordered = [...declarations].sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  const all = ordered.flatMap(({ path, facts }) => (facts === undefined ? [] : [{ path, facts }]));
  const values = (fact: Fact) => joined(all.flatMap(({ facts }) => facts.values[fact] ?? []));
  const paths = new Set(artifact.files.map((file) => file.path));
  const code = all.flatMap(({ path, facts }) =>
    facts.code
      .filter(({ ifPresent, module }) => !ifPresent || paths.has(`${module}.py`))
      .map((reference) => ({ path, reference })),
  );
  const bases = baseModels(values('baseModels'), values('savedFrom'), ownRepository(artifact));
  const speaks = ({ path, facts }: (typeof all)[number]) =>
    Object.keys(facts.values).some((fact) => fact !== 'savedFrom') ||
    code.some((one) => one.path === path) ||
    facts.values.savedFrom?.some((name) => bases.includes(name));
  return {
    declared: {
      licences: values('licences'),
      licenceName: values('licenceName')[0] ?? null,
      baseModels: bases,
      datasets: values('datasets'),
      library: values('library')[0] ?? null,
      task: values('task')[0] ?? null,
      languages: values('languages'),
      tags: values('tags'),
      remoteCode: joined(code.map(({ reference }) => reference.text)),
      architectures: values('architectures'),
      modelType: values('modelType')[0] ?? null,
      files: all.filter(speaks).map(({ path }) => path),
    },
    findings: nameFindings(namedRepositories(artifact, all, code)),
    notes: ordered.flatMap(({ notes }) => notes),
  };
}

/** The card, then files of the root, then those of parts. */
function rank(path: string): number {
  return path === 'README.md' ? 0 : path.includes('/') ? 2 : 1;
}

function joined(values: readonly string[]): string[] {
  return [...new Set(values)].slice(0, MAX_JOINED);
}

/**
 * A name with a revision replaces the same name without one. If no base model is declared, the name from which the model was
 * loaded before it was saved is used, unless it is a path or the model itself.
 */
function baseModels(named: readonly string[], savedFrom: readonly string[], own: string | undefined): string[] {
  const told =
    named.length > 0 ? named : savedFrom.filter((name) => name.includes('/') && isRepoName(name) && name !== own);
  return told.filter((name) => !told.some((other) => other.startsWith(`${name}@`)));
}

/** `owner/model` when the artifact is one of the Hub. */
function ownRepository({ ref }: Artifact): string | undefined {
  return /^hf:\/\/([^/@]+\/[^/@]+)/.exec(ref)?.[1];
}

/** The repositories that files name, and that of the artifact. */
function namedRepositories(
  artifact: Artifact,
  all: readonly { readonly path: string; readonly facts: ToldFacts }[],
  code: readonly NamedCode[],
): NamedRepository[] {
  const own = ownRepository(artifact);
  const [first] = artifact.files;
  const bases = all.flatMap(({ path, facts }) => {
    const names = facts.values.baseModels ?? [];
    const told = names.filter((name) => !names.some((other) => other.startsWith(`${name}@`)));
    return told.map((name): NamedRepository => ({ path, name, as: 'base' }));
  });
  return [
    ...(own === undefined || first === undefined ? [] : [{ path: first.path, name: own, as: 'own' as const }]),
    ...bases.filter(({ name }) => name !== own),
    ...code.flatMap(({ path, reference: { repo } }) =>
      repo === null || repo === own ? [] : [{ path, name: repo, as: 'code' as const }],
    ),
  ];
}

interface NamedCode {
  readonly path: string;
  readonly reference: CodeReference;
}
