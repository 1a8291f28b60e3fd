import type { Command } from 'commander';
import { AssayError } from '../../../core/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { SnapshotRequest } from './request.ts';

interface SnapshotFlags extends Omit<SnapshotRequest, 'expiresInMs' | 'endpoints' | 'images'> {
  readonly expiresIn: string;
  readonly endpoint: readonly string[];
  readonly image: readonly string[];
  readonly sealedImage: readonly string[];
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_DAYS = 366;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const GUIDE = `
A snapshot lists what may run where. Admission webhooks answer from it without a network, so a separate process writes it,
with its own key, which the service never sees:
  - every approval is verified again under the trust file, which must be where nobody who writes to the registry can change
    it: the signer, the bytes, the stage, the policy, the rules, the number of roles. The conclusions in the tables of the
    registry are not used. Invalid approvals are left out; --explain lists them, with reasons
  - every waiver is verified, too: a signer with may: [waiver] in the trust file signed it before the approvals
  - with --watch, approvals under a policy that was just replaced stay valid for ten minutes, in which the service
    evaluates each again; what the newer policy denies is denied at once
  - references that were added after the approvals are left out until the version is approved again
  - nothing is signed when the audit log is broken, or no longer contains the entries behind the last snapshot

Each snapshot has the next version number; FILE.state.json beside it stores the last. A stage without approvals is in
no snapshot, because nobody signed for it. A service serves the file snapshots/TENANT.snapshot.json of its data folder.

The passphrase of the key comes from --passphrase-file or ASSAY_KEY_PASSPHRASE, the password of a database from PGPASSWORD.

Examples:
  assay snapshot --registry models.db --key snapshot.pem -o snapshot.json
  assay snapshot --registry models.db --key snapshot.pem -o snapshot.json --explain
  assay snapshot --registry postgres://reader@db.example/assay --rules rules.yaml --trust trust.yaml \\
    --key snapshot.pem -o /data/snapshots/default.snapshot.json --watch

Exit codes: 0 written, 2 could not complete.
`;

export function registerSnapshot(program: Command, shell: Shell): void {
  program
    .command('snapshot')
    .summary('sign the current decisions, for admission webhooks')
    .description('Verifies and signs the current decisions of a registry, for webhooks that answer without a network.')
    .requiredOption('--registry <file|url>', 'a file (SQLite), or postgres://user@host/name')
    .requiredOption('--key <file>', 'the private key (PEM), used for snapshots only')
    .requiredOption('-o, --output <file>', 'the file to write, atomically')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .option('--trust <file>', 'who may approve (YAML); else $ASSAY_TRUST, else REGISTRY.d/trust.yaml')
    .option('--rules <file>', 'what each stage asks for (YAML); else $ASSAY_RULES, else REGISTRY.d/rules.yaml')
    .option('--tenant <name>', 'the tenant', 'default')
    .option('--expires-in <time>', 'how long it is valid: 12h, 7d', '7d')
    .option(
      '--endpoint <scheme=url>',
      'the server that references of a scheme were read from: hf=https://hub.example (repeatable)',
      collect,
      [],
    )
    .option(
      '--image <digest[=until]>',
      'a container image that may run without a model: sha256:... (repeatable)',
      collect,
      [],
    )
    .option(
      '--sealed-image <digest[=until]>',
      'such an image that loads only what it holds, whatever it is given (repeatable)',
      collect,
      [],
    )
    .option('--public-url <url>', 'address of the service, used in links to reports')
    .option('--watch', 'keep running, and write a new snapshot whenever something changes', false)
    .option('--explain', 'list the versions that were left out, and why', false)
    .option('-q, --quiet', 'print only errors', false)
    .addHelpText('after', GUIDE)
    .action(async (flags: SnapshotFlags) => {
      const request = toRequest(flags);
      const { runSnapshot } = await import('./run.ts');
      await runSnapshot(request, shell);
    });
}

function collect(text: string, texts: readonly string[]): readonly string[] {
  return [...texts, text];
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function toRequest({ expiresIn, endpoint, image, sealedImage, ...flags }: SnapshotFlags): SnapshotRequest {
  return {
    ...flags,
    expiresInMs: durationOf(expiresIn),
    endpoints: Object.fromEntries(endpoint.map(endpointOf)),
    images: [
      ...image.map((text) => imageOf('--image', text)),
      ...sealedImage.map((text) => ({ ...imageOf('--sealed-image', text), as: 'sealed' as const })),
    ],
  };
}

function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const time = Number(count) * (UNITS[unit] ?? 0);
  if (time > 0 && time <= MAX_DAYS * 86_400_000) return time;
  throw usage(`--expires-in ${text}`, 'is not a valid lifetime of a snapshot', `write 12h or 7d; at most ${MAX_DAYS}d`);
}

function endpointOf(text: string): [string, string] {
  const [, scheme = '', url = ''] = /^([a-z][a-z0-9+.-]*)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (URL.canParse(url)) return [scheme, url];
  throw usage(`--endpoint ${text}`, 'names no server', 'write a scheme and an address: hf=https://hub.example');
}

function imageOf(option: string, text: string): SnapshotRequest['images'][number] {
  const [digest = '', notAfter = null] = text.split('=');
  const isMoment = notAfter === null || (MOMENT.test(notAfter) && !Number.isNaN(Date.parse(notAfter)));
  if (/^sha256:[0-9a-f]{64}$/.test(digest) && isMoment) return { digest, notAfter };
  throw usage(
    `${option} ${text}`,
    'names no image',
    'write sha256: and 64 hex digits, and =2027-01-31T00:00:00Z if it ends',
  );
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
