import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import { HASH_ALGORITHMS } from '../../../integrity/hash/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { DigestRequest } from './request.ts';
import { DIGEST_FORMATS } from './request.ts';

interface DigestFlags extends Omit<DigestRequest, 'targets' | 'format' | 'algorithm' | 'check' | 'output'> {
  readonly format: string;
  readonly algorithm: string;
  readonly check?: string;
  readonly output?: string;
}

const GUIDE = `
Prints one line per file, as sha256sum does: sha256sum -c reads it in the folder of the model (b2sum -c and b3sum -c read the
others). Paths are relative to the target; of several targets, they start with it. The digest of the whole tree, the same that
scan reports, goes to stderr. Every byte is read, also of a remote model, and compared with the digests that the source claims.

--check compares the target with the digests of a manifest: files like SHA256SUMS, as sha256sum, shasum, b2sum, cksum --tag
or openssl dgst write them; model.pt.sha256; a .dvc file or dvc.lock. Its paths are relative to the target. MD5 and SHA-1
detect damage, not tampering. Trust a manifest only as much as the place it comes from: one from beside the files proves nothing
about their origin; a signature does (assay verify).

Examples:
  assay digest ./model -o ./model/SHA256SUMS
  assay digest ./model --check ./model/SHA256SUMS
  assay digest hf://openai-community/gpt2 --tree
  assay digest hf://openai-community/gpt2 --claimed --format json
  assay digest ./model --oms                  the root digests that a signature covers

Exit codes: 0 done, and everything matches; 1 a file differs from the manifest, or is missing; 2 could not complete.
`;

export function registerDigest(program: Command, shell: Shell): void {
  program
    .command('digest')
    .summary('print or check the digests of a model')
    .description('Prints the digest of every file of a model, or checks them against a manifest.')
    .argument('<target...>', 'a folder, a file, or any reference that scan takes')
    .addOption(new Option('-a, --algorithm <name>', 'the hash algorithm').choices(HASH_ALGORITHMS).default('sha256'))
    .option('-c, --check <file>', 'compare with the digests in this manifest')
    .option('--tree', 'print only the digest of the whole tree', false)
    .option('--oms', 'print only the root digests that an OpenSSF model signature covers', false)
    .option('--claimed', 'print the digests that the source claims, without reading the files', false)
    .option('--git', 'in JSON, add the git object id of each file', false)
    .addOption(new Option('-f, --format <format>', 'output format').choices(DIGEST_FORMATS).default('text'))
    .option('-o, --output <file>', 'write the output to this file, atomically, instead of stdout')
    .option('-q, --quiet', 'no progress, only errors on stderr; with --check, only differences', false)
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (targets: string[], flags: DigestFlags) => {
      const request = checkRequest(targets, flags);
      if (request.check !== undefined) {
        const { runDigestCheck } = await import('./check.ts');
        await runDigestCheck({ ...request, target: targets[0] ?? '', check: request.check }, shell);
        return;
      }
      const { runDigest } = await import('./run.ts');
      await runDigest(request, shell);
    });
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function checkRequest(targets: readonly string[], flags: DigestFlags): DigestRequest {
  const format = DIGEST_FORMATS.find((known) => known === flags.format) ?? 'text';
  const algorithm = HASH_ALGORITHMS.find((known) => known === flags.algorithm) ?? 'sha256';
  const { tree, oms, claimed, git, check } = flags;
  const given = [
    ['--tree', tree],
    ['--oms', oms],
    ['--claimed', claimed],
    ['--check', check !== undefined],
    ['--algorithm', algorithm !== 'sha256'],
  ] as const;
  const [first, second] = given.flatMap(([flag, isGiven]) => (isGiven ? [flag] : []));
  if (first !== undefined && second !== undefined)
    throw usage(second, `cannot be combined with ${first}`, 'give one of them');
  if (format === 'json' && targets.length > 1)
    throw usage(
      '--format json',
      `takes one target, not ${targets.length}`,
      'use --format jsonl, which writes a line for each',
    );
  if (check !== undefined && targets.length > 1)
    throw usage('--check', `takes one target, not ${targets.length}`, 'check one after the other');
  if (git && (format === 'text' || check !== undefined))
    throw usage('--git', 'is for --format json and jsonl', 'git hash-object prints it as text');
  return { ...flags, targets, format, algorithm, check, output: flags.output };
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
