import type { Command } from 'commander';
import { AssayError } from '../../../core/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { SnapshotRequest } from './request.ts';

interface SnapshotFlags extends Omit<SnapshotRequest, 'expiresInMs' | 'endpoints' | 'images'> {
  readonly expiresIn: string;
  readonly endpoint: readonly string[];
  readonly image: readonly string[];
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_DAYS = 366;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const GUIDE = `
A snapshot says what may run where. Admission webhooks answer from it without asking anybody, so it is written apart from the
service, by its own process with a key of its own that the service never sees:
  - every approval is verified once more by the trust file, which has to lie where nobody who writes to the registry can change
    it: who signed, for which bytes and stage, under which policy and rules, in how many roles. What the tables of the registry
    conclude counts for nothing. What does not hold is left out; --explain lists it, and why
  - so is every waiver: somebody whom the trust file lets (may: [waiver]) has signed it, before the approvals were given
  - while it watches (--watch), approvals under a policy that another has just replaced count for ten minutes, in which the service
    looks at each once more; what the newer policy denies is denied at once
  - references that were added after the approvals are left out until the version is approved once more
  - nothing is signed when the audit log is broken, or no longer holds what the last snapshot was made from

Versions rise by one each time; FILE.state.json beside the snapshot remembers the last. A stage that asks for no approvals is in
no snapshot: nobody signed for it. A service hands out what lies in its data folder as snapshots/TENANT.snapshot.json.

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
    .summary('sign what is decided now, for admission webhooks')
    .description('Signs the current decisions of a registry, each verified once more, for gates that ask nobody.')
    .requiredOption('--registry <file|url>', 'a file (SQLite), or postgres://user@host/name')
    .requiredOption('--key <file>', 'the private key of the snapshot (PEM), and of nothing else')
    .requiredOption('-o, --output <file>', 'where to write it, whole or not at all')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .option('--trust <file>', 'who may approve (YAML); else $ASSAY_TRUST, else REGISTRY.d/trust.yaml')
    .option('--rules <file>', 'what each stage asks for (YAML); else $ASSAY_RULES, else REGISTRY.d/rules.yaml')
    .option('--tenant <name>', 'whose decisions', 'default')
    .option('--expires-in <time>', 'how long it may be used: 12h, 7d', '7d')
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
    .option('--public-url <url>', 'address of the service, for links to reports')
    .option('--watch', 'go on: write another one whenever something changes', false)
    .option('--explain', 'list what was left out, and why', false)
    .option('-q, --quiet', 'say nothing but what is wrong', false)
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
function toRequest({ expiresIn, endpoint, image, ...flags }: SnapshotFlags): SnapshotRequest {
  return {
    ...flags,
    expiresInMs: durationOf(expiresIn),
    endpoints: Object.fromEntries(endpoint.map(endpointOf)),
    images: image.map(imageOf),
  };
}

function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const time = Number(count) * (UNITS[unit] ?? 0);
  if (time > 0 && time <= MAX_DAYS * 86_400_000) return time;
  throw usage(
    `--expires-in ${text}`,
    'is not a time that a snapshot may be used for',
    `write 12h or 7d; at most ${MAX_DAYS}d`,
  );
}

function endpointOf(text: string): [string, string] {
  const [, scheme = '', url = ''] = /^([a-z][a-z0-9+.-]*)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (URL.canParse(url)) return [scheme, url];
  throw usage(`--endpoint ${text}`, 'names no server', 'write a scheme and an address: hf=https://hub.example');
}

function imageOf(text: string): SnapshotRequest['images'][number] {
  const [digest = '', notAfter = null] = text.split('=');
  const isMoment = notAfter === null || (MOMENT.test(notAfter) && !Number.isNaN(Date.parse(notAfter)));
  if (/^sha256:[0-9a-f]{64}$/.test(digest) && isMoment) return { digest, notAfter };
  throw usage(
    `--image ${text}`,
    'names no image',
    'write sha256: and 64 hex digits, and =2027-01-31T00:00:00Z if it ends',
  );
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
