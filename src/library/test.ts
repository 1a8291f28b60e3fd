import type { TestReport } from '../core/behavior/index.ts';
import type { DeviceChoice } from '../core/device/index.ts';
import type { OnEvent } from '../core/index.ts';
import { testModel } from '../pipeline/test/index.ts';
import { openArtifact } from '../sources/index.ts';

export interface TestModelOptions {
  /** The path of the suite (YAML). */
  readonly suite: string;
  /** Where the model runs; the processor when absent. */
  readonly device?: DeviceChoice;
  /** The path of the approved version, which the model is compared with. */
  readonly baseline?: string;
  /** The process's own when absent: it says where the drivers of a device are. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/**
 * Runs the tests of a suite on an ONNX model of this machine, as `assay test` does: in a child process with bounds on memory and time.
 * @param path an ONNX file, or a folder with one
 * @returns what was measured; `status` is `pass` when a test passes, none fails, and nothing that is asked stays open
 * @throws AssayError `usage` for a suite or data that do not fit the model; `refused` for a suite that lies in the artifact; `not-found` for
 *   a file, the runtime or a device that is not there; `unreadable`, `unsupported`, `malformed`, `truncated`, `limit`, `changed`, `sandbox`,
 *   `aborted`
 * @example
 * const { status, tests } = await test('./model.onnx', { suite: 'tests/suite.yaml', baseline: './approved.onnx' });
 */
export async function test(path: string, options: TestModelOptions): Promise<TestReport> {
  const { suite, device = 'cpu', baseline, env = process.env, signal, onEvent } = options;
  const open = (one: string) => openArtifact(one, { env, ...(signal === undefined ? {} : { signal }) });
  const artifact = await open(path);
  try {
    const before =
      baseline === undefined ? undefined : async () => ({ artifact: await open(baseline), path: baseline });
    return await testModel(artifact, path, { suite, device, baseline: before, open, env, signal, onEvent });
  } finally {
    await artifact.close();
  }
}
