import { AssayError } from '../../core/index.ts';
import { treeDigest } from '../../integrity/hash/index.ts';
import { HubStage, openRemote } from '../../sources/hub/index.ts';
import { hubSettings } from '../../sources/hub-cache/index.ts';
import { envOf, type SourceOptions } from '../../sources/index.ts';
import { downloadAll, wholeModel } from './files.ts';

export interface KnownPull {
  readonly repo: string;
  readonly commit: string;
  /** The snapshot in the Hugging Face cache. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes a model with an earlier decision into the Hugging Face cache: every byte is hashed, and the model appears in the cache
 * only if it has the expected digest. Nothing is scanned.
 * @param expected `sha256:<hex>`: the canonical tree digest
 * @throws AssayError `mismatch` for other bytes; otherwise what `pull` throws. Nothing is left behind then.
 */
export async function pullKnown(ref: string, expected: string, options: SourceOptions = {}): Promise<KnownPull> {
  const settings = hubSettings(envOf(options));
  const reference = wholeModel(ref, options, settings.offline);
  const artifact = await openRemote(reference, options);
  try {
    const { repo, commit, files } = artifact;
    const stage = await HubStage.create(settings.cacheFolder, repo, commit);
    try {
      const written = await downloadAll(artifact, stage, options);
      const sizes = new Map(files.map(({ path, size }) => [path, size]));
      const digest = treeDigest(written.map(({ path, sha256 }) => ({ path, sha256, size: sizes.get(path) ?? -1 })));
      if (digest !== expected) {
        const hint = 'do not use it; have the policy decide on these bytes';
        throw new AssayError('mismatch', `its bytes have the digest ${digest} instead of ${expected}`, {
          subject: artifact.pinned,
          hint,
        });
      }
      const folder = await stage.publish(reference.revision ?? 'main');
      return { repo, commit, folder, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
    } finally {
      await stage.discard();
    }
  } finally {
    await artifact.close();
  }
}
