import { type Command, Option } from 'commander';
import { type ConversionTarget, TARGETS } from '../../../core/conversion/targets/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { VerifyRequest } from '../../../pipeline/convert/index.ts';
import type { RulesetChoice } from '../../../pipeline/index.ts';
import { addSigningOptions, asksToSign, rulesetOption, type SigningFlags, signingChoice } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { ConvertRequest } from './request.ts';

interface ConvertFlags extends SigningFlags {
  readonly to: ConversionTarget;
  readonly output: string;
  readonly inputShape?: readonly number[];
  readonly report?: string;
  readonly verify?: string | true;
  readonly sandbox: boolean;
  readonly python?: string;
  readonly code: readonly string[];
  readonly salvage: boolean;
  readonly acceptSuspicious: boolean;
  readonly allow?: string;
  readonly ruleset: RulesetChoice;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const MAX_RANK = 6;

const GUIDE = `
Nothing of the model runs: its pickles are read as plain values, in which a class is a name. The model is scanned first. A file
that is not clean is not converted, unless you say so; either way, its code stays behind. The result is scanned as well.

  --salvage            from a suspicious or malicious file, write the tensors alone, and name everything else. Refused when a call
                       of the file receives a tensor, because its values might then be others than those in the file
  --accept-suspicious  convert a suspicious file, such as one with a class of your own

To safetensors: PyTorch (.pt, .pth, .bin, .ckpt; sharded, .distcp and DeepSpeed folders), NumPy (.npy, .npz, pickles of arrays), joblib, PaddlePaddle (.pdparams, .pdopt,
.pdiparams), Flax (.msgpack).
To ONNX: scikit-learn (estimators, transformers, pipelines), XGBoost, LightGBM, CatBoost; whole modules of PyTorch made of its own layers, and of
torchvision (torch.save(model, ...)); Keras 2 and 3 (.keras, .h5); TensorFlow (folders with saved_model.pb, frozen .pb); folders of Hugging Face
(BERT, RoBERTa, DistilBERT, GPT-2, Llama, Mistral, Qwen2, ViT). A class of your own is refused: its code is not in the file. Models compute as in
evaluation (model.eval()).
To a SavedModel of TensorFlow: the same. Each model becomes a folder with one file, whose graph holds its weights as constants.

  --input-shape        the shape of the input of a module without the batch, where its first layer does not contain it, or where a layer
                       needs the size of an image: 3,224,224

Tensors keep their names: nested keys are joined by dots (state_dict.layer.weight), and a module is written as its state_dict().
Views and tied tensors are written as tensors of their own. The bytes are those that the safetensors library writes.

--sandbox runs code of the model, for architectures that are code of your own: the Python that you give loads the model and converts it, in a
sandbox of bubblewrap, with no network, no other process, and no file but the model, its packages and --code. For ONNX the environment needs
torch, skl2onnx or tf2onnx. The result is scanned, and has to compute what the model computed in the sandbox. Malicious files never run.

--verify runs the converted model, in a child process with bounds on memory and time, before any file appears in the folder (npm package
onnxruntime-node). What it says depends on what you give:
  --verify X.npz,Y.npz   X has an array for each input (numpy.savez("X.npz", X=X_test)), Y one for each output, as your own framework
                         computes it (numpy.savez("Y.npz", label=model.predict(X_test), probabilities=model.predict_proba(X_test))):
                         the model is compared with its source. Labels are compared where the two best scores differ by more than
                         the tolerance. Without Y, the model is compared with itself on your rows
  --verify, --verify auto
                         rows are drawn from a fixed seed, within the ranges that the model tells apart, and the model is compared with
                         itself: run again, row by row, and without the optimizer of the runtime. This does not show that it
                         computes what its source computes. For safetensors, every tensor is read again and compared with the source
When something differs, nothing is written but the report.

With --private-key (or --certificate, --keyless, as in assay sign), what was converted, from what, and how it was verified is signed, and
written beside the files: conversion.intoto.json. assay scan --trust and assay attestation verify check it.

Examples:
  assay convert model.pt --to safetensors -o converted
  assay convert ./bert-base --to safetensors -o converted       every file of a folder that holds tensors
  assay convert pipeline.joblib --to onnx -o converted           a pipeline of scikit-learn
  assay convert pipeline.joblib --to onnx -o converted --verify X.npz,Y.npz --private-key converter.pem
  assay convert pipeline.joblib --to savedmodel -o converted
  assay convert custom.pt --to onnx -o converted --sandbox --accept-suspicious --python ./venv/bin/python --code ./src
  assay convert cnn.pt --to onnx --input-shape 3,224,224 -o converted
  assay convert evil.pt --to safetensors --salvage -o rescued --report rescued.json

Exit codes: 0 converted, 1 a verdict forbids it or the verification fails, 2 could not complete. After 1 and 2, the folder is as it was before.
`;

export function registerConvert(program: Command, shell: Shell): void {
  const command = program
    .command('convert')
    .summary('convert a model to a format that cannot carry code, without running it')
    .description('Converts a model to a format that cannot carry code. Nothing of the model runs.')
    .argument('<artifact>', 'a file or a folder on this machine')
    .addOption(new Option('--to <format>', 'the format to write').choices(TARGETS).makeOptionMandatory())
    .requiredOption('-o, --output <folder>', 'the folder for the converted files; no file in it is replaced')
    .option('--input-shape <sizes>', 'the shape of the input without the batch, such as 3,224,224', inputShape)
    .option('--report <file>', 'write what was converted, left out and skipped, with digests (JSON)')
    .option('--verify [files]', 'run the result before it is written: inputs.npz[,outputs.npz], or auto (default)')
    .option('--salvage', 'take the tensors out of suspicious and malicious files, too', false)
    .option('--accept-suspicious', 'convert suspicious files, too', false)
    .option('--sandbox', 'convert with the libraries that made the model: its code runs, in a sandbox', false)
    .option(
      '--python <file>',
      'with --sandbox: the interpreter that has these libraries (default: the active environment)',
    )
    .addOption(
      new Option('--code <folder>', 'with --sandbox: a folder with code that the model imports; may be repeated')
        .argParser((folder: string, known: readonly string[]) => [...known, folder])
        .default([], 'none'),
    )
    .option(
      '--allow <file>',
      "your organisation's own allowances (YAML): exact names and digests of reviewed code, with owner and expiry",
    )
    .addOption(rulesetOption())
    .option('-q, --quiet', 'no progress, no summary', false)
    .option('-v, --verbose', 'name everything that is left out', false);
  addSigningOptions(command)
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: ConvertFlags) => {
      const {
        to,
        output,
        inputShape: shape,
        report,
        salvage,
        acceptSuspicious,
        allow,
        ruleset,
        quiet,
        verbose,
      } = flags;
      const verify = verifyRequest(flags.verify);
      const sandbox = sandboxRequest(flags);
      const signing = asksToSign(flags) ? signingChoice(flags, 'assay convert') : undefined;
      const { runConvert } = await import('./run.ts');
      const request = {
        artifact,
        target: to,
        output,
        inputShape: shape,
        report,
        verify,
        sandbox,
        signing,
        salvage,
        acceptSuspicious,
      };
      await runConvert({ ...request, allow, ruleset, quiet, verbose }, shell);
    });
}

/** @throws AssayError `usage` for what says how a sandbox converts, without one */
function sandboxRequest({ sandbox, python, code }: ConvertFlags): ConvertRequest['sandbox'] {
  if (sandbox) return { code, ...(python === undefined ? {} : { python }) };
  const subject = python !== undefined ? '--python' : code.length > 0 ? '--code' : undefined;
  if (subject === undefined) return undefined;
  throw new AssayError('usage', 'is for models whose code runs in a sandbox', { subject, hint: 'add --sandbox' });
}

/** @throws AssayError `usage` for more than two files */
function verifyRequest(given: string | true | undefined): VerifyRequest | undefined {
  if (given === undefined) return undefined;
  if (given === true || given === 'auto') return {};
  const [inputs = '', outputs, ...rest] = given.split(',');
  if (inputs === '' || outputs === '' || rest.length > 0)
    throw new AssayError('usage', 'does not name one or two files', {
      subject: `--verify ${given}`,
      hint: 'write --verify inputs.npz,outputs.npz; paths have no commas',
    });
  return { inputs, ...(outputs === undefined ? {} : { outputs }) };
}

/** @throws AssayError `usage` for anything but sizes with commas between them */
function inputShape(text: string): readonly number[] {
  const sizes = text.split(',').map((size) => (/^[1-9]\d{0,8}$/.test(size) ? Number(size) : 0));
  if (!sizes.includes(0) && sizes.length <= MAX_RANK) return sizes;
  throw new AssayError('usage', 'is not a shape', {
    subject: `--input-shape ${text}`,
    hint: `give at most ${MAX_RANK} sizes with commas between them, without the batch: 3,224,224`,
  });
}
