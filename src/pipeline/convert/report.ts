import { type Assessment, type Verdict, worseVerdict } from '../../core/assessment/index.ts';
import type {
  Conversion,
  ConversionTarget,
  ConversionVerification,
  ConvertedFile,
} from '../../core/conversion/index.ts';
import { type Artifact, AssayError, version } from '../../core/index.ts';
import type { RefusedFile } from './gate.ts';
import type { Announcement } from './messages.ts';

/** All that is known of a conversion that has ended. */
export interface Ended {
  readonly target: ConversionTarget;
  readonly artifact: Artifact;
  /** Of the artifact, and of what was written. */
  readonly source: Assessment;
  readonly result: Assessment;
  readonly announced: Announcement;
  readonly refused: readonly RefusedFile[];
  readonly salvage: boolean;
  /** The versions of Python and of the libraries, where code of the model ran in a sandbox. */
  readonly sandbox: Readonly<Record<string, string>> | undefined;
  /** By the path of the written file. */
  readonly verified: ReadonlyMap<string, ConversionVerification>;
}

/** The report of a conversion. @throws AssayError `internal` for a written file that was not judged */
export function conversionOf(ended: Ended): Conversion {
  const { target, artifact, source, result, announced, refused, salvage, sandbox, verified } = ended;
  const sources = new Map(source.files.map((file) => [file.path, file]));
  const files = announced.files.map(
    ({ path, tensors, leftOut, title, from }): ConvertedFile => ({
      path,
      ...writtenFile(result, path),
      from: from.flatMap((one) => {
        const known = sources.get(one);
        return known === undefined ? [] : [{ path: one, sha256: known.sha256, verdict: known.verdict }];
      }),
      format: title,
      tensors,
      leftOut: [...leftOut],
      verification: verified.get(path) ?? null,
    }),
  );
  const verdicts = files.flatMap((file) => file.from.map(({ verdict }) => verdict));
  const verdict = verdicts.reduce(worseVerdict, 'clean');
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: version() },
    ruleset: source.ruleset,
    target,
    source: { ref: artifact.ref, pinned: artifact.pinned, digest: source.artifact.digest, verdict },
    sandbox:
      sandbox === undefined
        ? null
        : { libraries: Object.entries(sandbox).map(([name, used]) => ({ name, version: used })) },
    published: files.every(({ verification }) => verification?.pass !== false),
    salvaged: salvage && verdicts.some((one) => one !== 'clean'),
    files,
    indexes: announced.indexes.map((path) => ({ path, sha256: writtenFile(result, path).sha256 })),
    attestation: null,
    skipped: [
      ...announced.skipped,
      ...refused.map(({ path, verdict: why }) => ({ path, why: `its verdict is ${why}` })),
    ],
  };
}

function writtenFile({ files }: Assessment, path: string): { size: number; sha256: string; verdict: Verdict } {
  const written = files.find((file) => file.path === path);
  if (written === undefined || written.sha256 === null)
    throw new AssayError('internal', 'a written file was not judged', { subject: path });
  return { size: written.size, sha256: written.sha256, verdict: written.verdict };
}
