import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import { type SigstoreServices, startSigstoreServices } from '../../support/sigstore-services.ts';
import {
  type BundleJson,
  changed,
  entryOf,
  expectRefused,
  flipped,
  type KeylessTrust,
  type LogEntryJson,
  proofOf,
  signKeyless,
  stampsOf,
  trustOf,
  verifyJson,
} from './keyless.ts';

let services: SigstoreServices;
let others: SigstoreServices;
let trust: KeylessTrust;
let v1: BundleJson;
let v2: BundleJson;

beforeAll(async () => {
  services = await startSigstoreServices();
  others = await startSigstoreServices();
  trust = trustOf(services.trustedRoot);
  v1 = await signKeyless(services, ['rekor1']);
  v2 = await signKeyless(services, ['rekor2', 'tsa']);
});
afterAll(() => Promise.all([services.close(), others.close()]));

describe('a log entry is refused:', () => {
  type Case = readonly [string, (entry: LogEntryJson, bundle: BundleJson) => void, SignatureProblem, string];
  const proved = ({ inclusionProof }: LogEntryJson) => {
    if (inclusionProof === undefined) throw new Error('no proof');
    return inclusionProof;
  };
  const envelope = (entry: LogEntryJson, change: (text: string) => string) => {
    proved(entry).checkpoint = { envelope: change(proved(entry).checkpoint?.envelope ?? '') };
  };
  const body = (entry: LogEntryJson, change: (text: string) => string) => {
    const text = Buffer.from(entry.canonicalizedBody, 'base64').toString();
    entry.canonicalizedBody = Buffer.from(change(text)).toString('base64');
  };
  const both: Case[] = [
    ['body', (entry) => body(entry, (text) => `${text} `), 'log-entry', 'does not prove'],
    ['body that is not JSON', (entry) => body(entry, () => '{'), 'log-entry', 'does not prove'],
    [
      'body of another payload',
      (entry) => body(entry, (text) => text.replace(/"payloadHash"/, '"payload"')),
      'log-entry',
      '',
    ],
    [
      'log',
      (entry) => {
        entry.logId.keyId = flipped(entry.logId.keyId, 0);
      },
      'log-entry',
      'not trusted',
    ],
    [
      'index',
      (entry) => {
        entry.logIndex = '7000001';
      },
      'log-entry',
      '',
    ],
    [
      'kind',
      (entry) => {
        entry.kindVersion = { kind: 'hashedrekord', version: '0.0.1' };
      },
      'log-entry',
      '',
    ],
    [
      'version',
      (entry) => {
        entry.kindVersion.version = '9.9.9';
      },
      'log-entry',
      '',
    ],
    [
      'root hash',
      (entry) => {
        proved(entry).rootHash = flipped(proved(entry).rootHash, 0);
      },
      'log-entry',
      'another state',
    ],
    [
      'tree size',
      (entry) => {
        proved(entry).treeSize = '9';
      },
      'log-entry',
      'another state',
    ],
    [
      'index in the proof',
      (entry) => {
        proved(entry).logIndex = '5000';
      },
      'log-entry',
      '',
    ],
    [
      'hashes',
      (entry) => {
        proved(entry).hashes = [proved(entry).rootHash];
      },
      'log-entry',
      '',
    ],
    [
      'root of the checkpoint',
      (entry) => envelope(entry, (text) => text.replace(/[A-Za-z0-9+/]{43}=/, `${'A'.repeat(43)}=`)),
      'log-entry',
      'another state',
    ],
    [
      'origin of the checkpoint',
      (entry) => envelope(entry, (text) => `evil${text}`),
      'log-entry',
      'checkpoint signature',
    ],
    [
      'signature of the checkpoint',
      (entry) => envelope(entry, (text) => text.replace(/.{12}\n$/, 'AAAAAAAAAAA=\n')),
      'log-entry',
      'checkpoint signature',
    ],
    [
      'checkpoint without a signature',
      (entry) => envelope(entry, (text) => text.replace(/\n\n[\s\S]*/, '\n\n')),
      'log-entry',
      'not supported',
    ],
    ['checkpoint without a note', (entry) => envelope(entry, () => ''), 'log-entry', 'without a checkpoint'],
    [
      'checkpoint by another log',
      (entry) => envelope(entry, (text) => text.replace(/ \S{8}(\S+\n)$/, ' AAAAAAAA$1')),
      'log-entry',
      'by another log',
    ],
    [
      'no checkpoint',
      (entry) => {
        delete proved(entry).checkpoint;
      },
      'log-entry',
      'lacks its proof',
    ],
    [
      'no proof',
      (entry) => {
        delete entry.inclusionProof;
      },
      'log-entry',
      'lacks its proof',
    ],
    [
      'no body',
      (entry) => {
        entry.canonicalizedBody = '';
      },
      'log-entry',
      '',
    ],
    [
      'no entry',
      (_, bundle) => {
        bundle.verificationMaterial.tlogEntries = [];
      },
      'log-entry',
      'no transparency log contains',
    ],
    [
      'the same entry twice',
      (entry, bundle) => {
        bundle.verificationMaterial.tlogEntries.push(entry);
      },
      'log-entry',
      'twice',
    ],
    [
      'an invalid number',
      (entry) => {
        entry.logIndex = '1e3';
      },
      'log-entry',
      'malformed, at logIndex',
    ],
    [
      'too many hashes',
      (entry) => {
        proved(entry).hashes = Array.from({ length: 65 }, () => proved(entry).rootHash);
      },
      'log-entry',
      'malformed',
    ],
  ];

  test.each(both)('Rekor v1 with a changed or missing part: %s', (_, change, problem, why) => {
    expectRefused(
      () =>
        verifyJson(
          changed(v1, (copy) => change(entryOf(copy), copy)),
          trust,
        ),
      problem,
      why,
    );
  });

  test.each(both)('Rekor v2 with a changed or missing part: %s', (_, change, problem, why) => {
    expectRefused(
      () =>
        verifyJson(
          changed(v2, (copy) => change(entryOf(copy), copy)),
          trust,
        ),
      problem,
      why,
    );
  });

  const first: Case[] = [
    [
      'a time a second later',
      (entry) => {
        entry.integratedTime = `${Number(entry.integratedTime) + 1}`;
      },
      'log-entry',
      'promise',
    ],
    [
      'a time years ago',
      (entry) => {
        entry.integratedTime = '1600000000';
      },
      'log-entry',
      'promise',
    ],
    [
      'a promise',
      (entry) => {
        entry.inclusionPromise = {
          signedEntryTimestamp: flipped(entry.inclusionPromise?.signedEntryTimestamp ?? '', -1),
        };
      },
      'log-entry',
      'promise',
    ],
    [
      'empty promise',
      (entry) => {
        entry.inclusionPromise = { signedEntryTimestamp: '' };
      },
      'log-entry',
      'promise',
    ],
    [
      'no promise, which proves the time',
      (entry) => {
        delete entry.inclusionPromise;
      },
      'timestamp',
      'proves the time of the signature',
    ],
    [
      'no time',
      (entry) => {
        delete entry.integratedTime;
      },
      'timestamp',
      'proves the time of the signature',
    ],
  ];
  test.each(first)('Rekor v1 with a changed time or promise: %s', (_, change, problem, why) => {
    expectRefused(
      () =>
        verifyJson(
          changed(v1, (copy) => change(entryOf(copy), copy)),
          trust,
        ),
      problem,
      why,
    );
  });

  test('Rekor v2 with a changed hash of the proof', () => {
    const other = changed(v2, (copy) => {
      const proof = proofOf(copy);
      proof.hashes = (proof.hashes ?? []).map((hash) => flipped(hash, 0));
    });
    expectRefused(() => verifyJson(other, trust), 'log-entry', 'root hash');
  });

  test('but a time of Rekor v2 is ignored', () => {
    const other = changed(v2, (copy) => {
      entryOf(copy).integratedTime = '1600000000';
    });
    expect(verifyJson(other, trust)).toEqual(verifyJson(v2, trust));
  });

  test('one of another signature or another instance, beside a valid one', async () => {
    const more = (bundle: BundleJson, entry: LogEntryJson) =>
      changed(bundle, ({ verificationMaterial }) => void verificationMaterial.tlogEntries.push(structuredClone(entry)));
    expectRefused(() => verifyJson(more(v1, entryOf(v2)), trust), 'log-entry', 'mismatch');
    const foreign = await signKeyless(others, ['rekor1']);
    expectRefused(() => verifyJson(more(v1, entryOf(foreign)), trust), 'log-entry', 'not trusted');
  });

  test('one with another certificate for the same signature', async () => {
    const other = structuredClone(v2);
    const stranger = await signKeyless(services, ['rekor2', 'tsa'], { sub: 'https://evil.example/' });
    const response = await fetch(`${services.url}/api/v2/log/entries`, {
      method: 'POST',
      body: JSON.stringify({
        dsseRequestV002: {
          envelope: other.dsseEnvelope,
          verifiers: [{ x509Certificate: stranger.verificationMaterial.certificate }],
        },
      }),
    });
    other.verificationMaterial.tlogEntries = [(await response.json()) as LogEntryJson];
    expectRefused(() => verifyJson(other, trust), 'log-entry', 'with another certificate');
  });

  test.each(['(((a+)+)+)+$', '(.*)*x', '[', '127.0.0.1(?=.*.*.*.*.*.*x)'])(
    'one whose checkpoint is signed by %s',
    (name) => {
      const other = changed(v1, (copy) =>
        envelope(entryOf(copy), (text) => text.replace(/\u2014 \S+/, `\u2014 ${name}`)),
      );
      expectRefused(() => verifyJson(other, trust), 'log-entry', 'not supported');
    },
  );
});

describe('a timestamp is refused when it', () => {
  const withStamps = (stamps: { signedTimestamp: string }[]) =>
    changed(v2, ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = { rfc3161Timestamps: stamps };
    });
  const stamp = () => stampsOf(v2)[0]?.signedTimestamp ?? '';

  test('is missing', () => {
    expectRefused(() => verifyJson(withStamps([]), trust), 'timestamp', 'proves the time of the signature');
    const none = changed(v2, ({ verificationMaterial }) => {
      delete verificationMaterial.timestampVerificationData;
    });
    expectRefused(() => verifyJson(none, trust), 'timestamp', 'proves the time of the signature');
  });

  test('has another signature', () => {
    const signedTimestamp = flipped(stamp(), -1);
    expectRefused(() => verifyJson(withStamps([{ signedTimestamp }]), trust), 'timestamp', 'is not valid');
  });

  test('has a changed time', () => {
    const bytes = Buffer.from(stamp(), 'base64');
    const at = bytes.indexOf(`${new Date().getUTCFullYear()}`);
    expect(at).toBeGreaterThan(0);
    bytes.write('2020', at);
    const other = withStamps([{ signedTimestamp: bytes.toString('base64') }]);
    expectRefused(() => verifyJson(other, trust), 'timestamp', 'is not valid');
  });

  test('belongs to another signature', async () => {
    const [foreign] = stampsOf(await signKeyless(services, ['rekor2', 'tsa']));
    expectRefused(
      () => verifyJson(withStamps(foreign === undefined ? [] : [foreign]), trust),
      'timestamp',
      'not valid',
    );
  });

  test('is repeated, repeated nine times, or malformed', () => {
    const one = { signedTimestamp: stamp() };
    expectRefused(() => verifyJson(withStamps([one, one]), trust), 'timestamp', 'duplicate timestamp');
    expectRefused(() => verifyJson(withStamps(Array.from({ length: 9 }, () => one)), trust), 'timestamp', 'malformed');
    for (const signedTimestamp of ['', 'AAAA', 'MAA=', stamp().slice(0, 400)]) {
      expectRefused(() => verifyJson(withStamps([{ signedTimestamp }]), trust), 'timestamp', 'cannot be read');
    }
  });
});
