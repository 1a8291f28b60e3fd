import type { Artifact } from '../core/index.ts';
import { parseReference } from '../core/reference/index.ts';
import { envOf, type SourceOptions } from './source.ts';

/**
 * Opens what a reference names: `path`, `hf://owner/model[@revision][/path]`, a page of the Hub, `https://...`,
 * `s3://bucket/key`, `oci://registry/repository`, `models:/name/version`.
 * Nothing of the network is loaded for a path. The caller closes the artifact.
 * @throws AssayError `usage`, `not-found`, `unreadable`, `unauthorized`, `network`, `refused`, `mismatch`, `limit`, `aborted`.
 */
export async function openArtifact(ref: string, options: SourceOptions = {}): Promise<Artifact> {
  const reference = parseReference(ref, envOf(options).HF_ENDPOINT);
  switch (reference.kind) {
    case 'path': {
      const { openPath } = await import('./path/index.ts');
      return openPath(reference, options);
    }
    case 'hf': {
      const { openHub } = await import('./hub/index.ts');
      return openHub(reference, options);
    }
    case 'https': {
      const { openHttps } = await import('./https/index.ts');
      return openHttps(reference, options);
    }
    case 's3': {
      const { openS3 } = await import('./s3/index.ts');
      return openS3(reference, options);
    }
    case 'oci': {
      const { openOci } = await import('./oci/index.ts');
      return openOci(reference, options);
    }
    case 'models': {
      const { openMlflow } = await import('./mlflow/index.ts');
      return openMlflow(reference, options);
    }
  }
}
