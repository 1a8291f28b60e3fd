import { isDecoder, promptSuiteFor, readSignature, suiteFor } from '../../behavior/index.ts';
import { type Artifact, AsyncDisposableStack, DEFAULT_LIMITS } from '../../core/index.ts';
import { openModelFile } from './model-file.ts';

/**
 * A suite for the ONNX model of an artifact, to be completed.
 * @param target the path of the artifact
 * @throws AssayError of a model that cannot be read
 */
export async function initSuite(artifact: Artifact, target: string, signal?: AbortSignal): Promise<string> {
  const resources = new AsyncDisposableStack();
  try {
    const { model, path } = await openModelFile(artifact, target, { limits: DEFAULT_LIMITS, signal, resources });
    if (isDecoder(model)) return promptSuiteFor(suiteName(path), target);
    return suiteFor(readSignature(model), suiteName(path), target);
  } finally {
    await resources.disposeAsync();
  }
}

/** A name that a suite may have. */
function suiteName(path: string): string {
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.onnx$/i, '');
  return (
    stem
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 64) || 'model'
  );
}
