import { Command, Help } from 'commander';
import { version } from '../core/index.ts';
import { registerAdmit } from './commands/admit/index.ts';
import { registerApprove } from './commands/approve/index.ts';
import { registerAttestation } from './commands/attestation/index.ts';
import { registerAuditLog } from './commands/audit-log/index.ts';
import { registerConvert } from './commands/convert/index.ts';
import { registerData } from './commands/data/index.ts';
import { registerDiff } from './commands/diff/index.ts';
import { registerDigest } from './commands/digest/index.ts';
import { registerExplain } from './commands/explain/index.ts';
import { registerInspect } from './commands/inspect/index.ts';
import { registerModels } from './commands/models/index.ts';
import { registerPolicy } from './commands/policy/index.ts';
import { registerPromote } from './commands/promote/index.ts';
import { registerPull } from './commands/pull/index.ts';
import { registerQuarantine } from './commands/quarantine/index.ts';
import { registerReject } from './commands/reject/index.ts';
import { registerRepro } from './commands/repro/index.ts';
import { registerReview } from './commands/review/index.ts';
import { registerRevoke } from './commands/revoke/index.ts';
import { registerRules } from './commands/rules/index.ts';
import { registerScan } from './commands/scan/index.ts';
import { registerServe } from './commands/serve/index.ts';
import { registerSign } from './commands/sign/index.ts';
import { registerSnapshot } from './commands/snapshot/index.ts';
import { registerTest } from './commands/test/index.ts';
import { registerVerify } from './commands/verify/index.ts';
import { registerWorker } from './commands/worker/index.ts';
import type { Shell } from './terminal/index.ts';

/** In the order in which help lists them. */
const VERBS: ReadonlyMap<string, (program: Command, shell: Shell) => void> = new Map([
  ['scan', registerScan],
  ['review', registerReview],
  ['pull', registerPull],
  ['convert', registerConvert],
  ['test', registerTest],
  ['data', registerData],
  ['verify', registerVerify],
  ['sign', registerSign],
  ['attestation', registerAttestation],
  ['approve', registerApprove],
  ['reject', registerReject],
  ['promote', registerPromote],
  ['revoke', registerRevoke],
  ['quarantine', registerQuarantine],
  ['models', registerModels],
  ['audit-log', registerAuditLog],
  ['snapshot', registerSnapshot],
  ['digest', registerDigest],
  ['diff', registerDiff],
  ['policy', registerPolicy],
  ['inspect', registerInspect],
  ['explain', registerExplain],
  ['repro', registerRepro],
  ['rules', registerRules],
  ['admit', registerAdmit],
  ['serve', registerServe],
  ['worker', registerWorker],
]);

const GUIDE = `
Examples:
  assay scan ./model                          a folder or a file, before you load it
  assay scan hf://openai-community/gpt2       a model of the Hugging Face Hub, without downloading it
  assay pull hf://openai-community/gpt2       scan, then download exactly the judged bytes
  assay scan model.pt --format json           a report for programs
  assay scan ./models/* --format sarif -o assay.sarif
  assay review ./model                        a report for a reviewer to read and sign
  assay convert model.pt --to safetensors -o out
                                              its tensors, in a format that cannot carry code
  assay test model.onnx --suite suite.yaml    how it behaves: known inputs, accuracy, against the approved version
  assay data train.parquet test.parquet --label label --text text
                                              training data: poisoning, leakage, drift
  assay sign ./model --private-key k.pem      sign it (OpenSSF Model Signing)
  assay verify ./model --public-key k.pub     verify the signer, and that no file has changed
  assay approve ./model --stage production --registry models.db --key k.pem
                                              sign an approval, and keep it in a registry; also: models, revoke
  assay admit --explain -f pods.yaml          the models that a Kubernetes manifest loads; also: the admission webhook
  assay serve                                 the service for a team, with a console
  assay diff old.json new.json                the changes since the last report
  assay policy check acme.yaml                the errors of a policy; also: policy test, policy explain
  assay explain                               all rules; assay explain RULE explains one
  assay inspect model.pt                      the content of a file, without loading it

Exit codes:
  0  allowed, warnings included
  1  denied by the policy, or not allowed by the rules of a registry
  2  could not complete: bad usage, unreadable input, network

No code of a model is ever run, imported or rendered, unless you ask for it (convert --sandbox). test, and convert --verify, run the operators
of an ONNX model in a child process with bounds. A file that is not fully understood is never called clean.
`;

/**
 * The command line. Verbs load what they need when they run, so that help and errors are quick.
 * @param first the first argument: where it is a verb, no other is set up
 */
export function createProgram(shell: Shell, first?: string): Command {
  const program = new Command('assay')
    .description('Inspects a machine-learning model without executing any of it, and decides whether it may be used.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print help for a verb')
    .exitOverride()
    .configureHelp({
      // That an option which is not given is not there goes without saying.
      optionDescription: (option) => new Help().optionDescription(option).replace(/ \(default: (?:false|\[\])\)$/, ''),
    })
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      // Errors are printed once, in one form, by the caller of the program.
      outputError: () => {},
    })
    .addHelpText('after', GUIDE);
  const asked = VERBS.get(first ?? '');
  for (const register of asked === undefined ? VERBS.values() : [asked]) register(program, shell);
  return program;
}
