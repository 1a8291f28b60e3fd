import type { Conversion, ConversionTarget } from '../core/conversion/index.ts';
import type { OnEvent } from '../core/index.ts';
import type { PayloadSigner } from '../integrity/sign/index.ts';
import { convertArtifact, type SandboxedConversion, type VerifyRequest } from '../pipeline/convert/index.ts';
import type { RulesetChoice } from '../pipeline/index.ts';
import { loadKnowledge } from '../pipeline/judging/index.ts';
import { openArtifact } from '../sources/index.ts';
import { type SignWith, withSigner } from './sign.ts';

export interface ConvertModelOptions {
  /** The format to write. */
  readonly to: ConversionTarget;
  /** The folder that receives the files; it is made when it does not exist, and no file in it is replaced. */
  readonly folder: string;
  /** Verify what was written before it is published: `{}` with inputs that are drawn, or with files of arrays (`.npz`, `.npy`). */
  readonly verify?: VerifyRequest;
  /** Convert with the libraries that made the model: its code runs, in a sandbox of bubblewrap. Absent: nothing of the model runs. */
  readonly sandbox?: Omit<SandboxedConversion, 'env'>;
  /** Signs what was converted, from what, and how it was verified, into `conversion.intoto.json` beside the files. */
  readonly attest?: SignWith;
  /** Take the tensors out of suspicious and malicious files, too. */
  readonly salvage?: boolean;
  /** Convert suspicious files, too. */
  readonly acceptSuspicious?: boolean;
  /** The shape of the input of a module of PyTorch without the batch, where its file does not contain it: `[3, 224, 224]`. */
  readonly inputShape?: readonly number[];
  /** The path of your organisation's allowances (YAML). */
  readonly allow?: string;
  /** `installed` (those that `assay rules install` put there, else the built-in ones) when absent. */
  readonly ruleset?: RulesetChoice;
  /** The process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/**
 * Converts a model on this machine to a format that cannot carry code, as `assay convert` does. Nothing of the model runs, unless
 * a sandbox is asked for.
 * @param path a file or a folder
 * @throws AssayError `refused` when a verdict forbids it; `unsupported` for what cannot be converted, naming it; `usage`, `not-found`,
 *   `unreadable`, `malformed`, `truncated`, `limit`, `changed`, `aborted`, `internal`; `ConversionMismatch`, which has the report, when a
 *   verification fails. The folder is as before then
 * @example
 * const { files } = await convert('./model.pt', { to: 'safetensors', folder: './safe' });
 * const verified = await convert('./m.joblib', { to: 'onnx', folder: './out', verify: { inputs: 'X.npz', outputs: 'Y.npz' } });
 */
export async function convert(path: string, options: ConvertModelOptions): Promise<Conversion> {
  const {
    to,
    folder,
    salvage = false,
    acceptSuspicious = false,
    verify,
    inputShape,
    sandbox,
    attest,
    signal,
    onEvent,
  } = options;
  const env = options.env ?? process.env;
  const knowledge = await loadKnowledge(options.allow, options.ruleset, env);
  const shared = { ...(signal === undefined ? {} : { signal }), ...(onEvent === undefined ? {} : { onEvent }) };
  const artifact = await openArtifact(path, { ...shared, env });
  try {
    const converted = (attest?: PayloadSigner) =>
      convertArtifact(artifact, (one) => knowledge.assess(one, shared), {
        ...shared,
        target: to,
        folder,
        salvage,
        acceptSuspicious,
        verify,
        ...(inputShape === undefined ? {} : { inputShape }),
        sandbox: sandbox === undefined ? undefined : { ...sandbox, env },
        attest,
      });
    return await (attest === undefined ? converted() : withSigner(attest, { env, ...shared }, converted));
  } finally {
    await artifact.close();
  }
}
