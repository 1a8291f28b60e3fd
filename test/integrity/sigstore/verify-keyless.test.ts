import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSignatureError, type SignatureProblem } from '../../../src/integrity/signature-error.ts';
import { verifyKeyless } from '../../../src/integrity/sigstore/verify-keyless.ts';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
  type TrustedRootJson,
} from '../../support/sigstore-services.ts';
import {
  type BundleJson,
  flipped,
  type KeylessTrust,
  type LogEntryJson,
  PAYLOAD,
  readJson,
  signKeyless,
  trustOf,
  verifyJson,
  type WitnessKind,
} from './keyless.ts';

let services: SigstoreServices;
let others: SigstoreServices;
let late: SigstoreServices;
let trust: KeylessTrust;
let v1: BundleJson;
let v2: BundleJson;

beforeAll(async () => {
  services = await startSigstoreServices();
  others = await startSigstoreServices();
  late = await startSigstoreServices({ fulcioClock: new Date(Date.now() - 60 * 60 * 1000) });
  trust = trustOf(services.trustedRoot);
  v1 = await signKeyless(services, ['rekor1']);
  v2 = await signKeyless(services, ['rekor2', 'tsa']);
});
afterAll(() => Promise.all([services.close(), others.close(), late.close()]));

function expectRefused(run: () => unknown, problem: SignatureProblem, why: string | RegExp): void {
  let found: unknown;
  try {
    run();
  } catch (error) {
    found = error;
  }
  if (!isSignatureError(found)) throw found ?? new Error('nothing was refused');
  expect(found.message).toMatch(why);
  expect(found.problem).toBe(problem);
}

function entryOf({ verificationMaterial }: BundleJson): LogEntryJson {
  const [entry] = verificationMaterial.tlogEntries;
  if (entry === undefined) throw new Error('the bundle has no log entry');
  return entry;
}

function proofOf(bundle: BundleJson): NonNullable<LogEntryJson['inclusionProof']> {
  const { inclusionProof } = entryOf(bundle);
  if (inclusionProof === undefined) throw new Error('the log entry has no proof');
  return inclusionProof;
}

function stampsOf({ verificationMaterial }: BundleJson): { signedTimestamp: string }[] {
  return verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
}

function changed(bundle: BundleJson, change: (copy: BundleJson) => void): BundleJson {
  const copy = structuredClone(bundle);
  change(copy);
  expect(copy).not.toEqual(bundle);
  return copy;
}

describe('a bundle of', () => {
  const kinds: WitnessKind[][] = [
    ['rekor1'],
    ['rekor1-intoto'],
    ['rekor1', 'tsa'],
    ['rekor2', 'tsa'],
    ['rekor1', 'rekor2'],
    ['rekor1', 'rekor2', 'tsa'],
  ];
  test.each(kinds)('%s %s %s verifies', async (...witnesses) => {
    const bundle = await signKeyless(services, witnesses.filter(Boolean));
    const signer = verifyJson(bundle, trust);
    expect(signer).toMatchObject({ kind: 'sigstore', identity: TEST_IDENTITY, issuer: TEST_ISSUER });
    const signedAt = signer.kind === 'sigstore' ? Date.parse(signer.signedAt) : 0;
    expect(Math.abs(Date.now() - signedAt)).toBeLessThan(60_000);
  });

  test('version 0.1, with the certificate in a chain, verifies', () => {
    const old = changed(v1, ({ verificationMaterial: material }) => {
      material.x509CertificateChain = {
        certificates: material.certificate === undefined ? [] : [material.certificate],
      };
      delete material.certificate;
    });
    old.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
    expect(verifyJson(old, trust)).toMatchObject({ identity: TEST_IDENTITY });
  });
});

describe('who', () => {
  const as = (identity: string, issuer = TEST_ISSUER) =>
    verifyJson(v1, trustOf(services.trustedRoot, identity, issuer));

  test.each([
    'https://github.com/acme/models/.github/workflows/*@refs/heads/main',
    'https://github.com/acme/**',
    'https://github.com/acme/*/.github/workflows/release.yml@refs/**',
  ])('%s signed', (pattern) => {
    expect(as(pattern)).toMatchObject({ identity: TEST_IDENTITY });
  });

  test.each([
    ['another', TEST_IDENTITY.replace('acme', 'evil')],
    ['a beginning', 'https://github.com/acme/models/'],
    ['an end', '/.github/workflows/release.yml@refs/heads/main'],
    ['a longer one', `${TEST_IDENTITY}2`],
    ['any character for a dot', TEST_IDENTITY.replace('github.com', 'githubXcom')],
    ['an expression', '.*'],
    ['an anchored expression', `^${TEST_IDENTITY}$`],
    ['an alternative', `${TEST_IDENTITY}|x`],
    ['another case', TEST_IDENTITY.toUpperCase()],
    ['a newline after it', `${TEST_IDENTITY}\n`],
    ['a star that would cross a slash', 'https://github.com/acme/*'],
    ['nothing', ''],
  ])('%s did not', (_, identity) => {
    expectRefused(() => as(identity), 'identity', /^the signer is /);
  });

  test('another issuer, or a part of it, vouched for nothing', () => {
    for (const issuer of ['https://accounts.google.com', 'https://token.actions', `${TEST_ISSUER}/evil`, '.*', '']) {
      expectRefused(() => as(TEST_IDENTITY, issuer), 'identity', 'vouched for by "https://token.actions');
    }
  });

  test('a name that contains the trusted one is another', async () => {
    const names = [`${TEST_IDENTITY}\n`, `evil ${TEST_IDENTITY}`, `${TEST_IDENTITY}.evil`, 'https://githubXcom/acme/x'];
    for (const sub of names.slice(1)) {
      const bundle = await signKeyless(services, ['rekor1'], { sub });
      expectRefused(() => verifyJson(bundle, trust), 'identity', /^the signer is /);
    }
    const lines = await signKeyless(services, ['rekor1'], { sub: names[0] });
    expectRefused(() => verifyJson(lines, trust), 'certificate', 'cannot be read');
  });
});

describe('a trusted root', () => {
  const withRoot = (part: Partial<TrustedRootJson>) => trustOf({ ...services.trustedRoot, ...part });

  test('with another authority', () => {
    const { certificateAuthorities } = others.trustedRoot;
    expectRefused(() => verifyJson(v1, withRoot({ certificateAuthorities })), 'certificate-chain', 'was not issued by');
  });

  test('with another certificate log', () => {
    const { ctlogs } = others.trustedRoot;
    expectRefused(() => verifyJson(v1, withRoot({ ctlogs })), 'certificate-chain', 'no trusted certificate log');
  });

  test('with another transparency log', () => {
    const { tlogs } = others.trustedRoot;
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'a log that is not trusted');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'a log that is not trusted');
  });

  test('with the key of another log under the same name', () => {
    const tlogs = services.trustedRoot.tlogs.map((log, at) => {
      const other = others.trustedRoot.tlogs[at];
      return { ...log, publicKey: other?.publicKey ?? log.publicKey };
    });
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'does not vouch');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'does not vouch');
  });

  test('with another timestamp authority, or none', () => {
    const { timestampAuthorities } = others.trustedRoot;
    expectRefused(() => verifyJson(v2, withRoot({ timestampAuthorities })), 'timestamp', 'does not hold');
    expectRefused(() => verifyJson(v2, withRoot({ timestampAuthorities: [] })), 'timestamp', 'does not hold');
  });

  test('with logs that ended before', () => {
    const end = new Date(Date.now() - 30_000).toISOString();
    const tlogs = services.trustedRoot.tlogs.map((log) => {
      const { publicKey } = log;
      return { ...log, publicKey: { ...publicKey, validFor: { ...publicKey.validFor, end } } };
    });
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'does not vouch');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'does not vouch');
  });

  test('with an authority that ended before', () => {
    const end = new Date(Date.now() - 30_000).toISOString();
    const certificateAuthorities = services.trustedRoot.certificateAuthorities.map((authority) => ({
      ...authority,
      validFor: { ...authority.validFor, end },
    }));
    expectRefused(() => verifyJson(v1, withRoot({ certificateAuthorities })), 'certificate-chain', 'was not issued by');
  });

  test('believes no certificate that had expired when it was used', async () => {
    const expired = await signKeyless(late, ['rekor1']);
    expectRefused(() => verifyJson(expired, trustOf(late.trustedRoot)), 'certificate-time', 'and it was signed at');
    const stamped = await signKeyless(late, ['rekor2', 'tsa']);
    expectRefused(() => verifyJson(stamped, trustOf(late.trustedRoot)), 'certificate-time', 'and it was signed at');
  });
});

describe('the envelope', () => {
  test('with another payload', () => {
    const other = changed(v1, ({ dsseEnvelope }) => {
      dsseEnvelope.payload = Buffer.from(PAYLOAD.toString().replace('[]', '{}')).toString('base64');
    });
    expectRefused(() => verifyJson(other, trust), 'signature', 'not that of this key');
  });

  test('with another signature', () => {
    const other = changed(v1, ({ dsseEnvelope }) => {
      dsseEnvelope.signatures = dsseEnvelope.signatures.map(({ sig }) => ({ sig: flipped(sig, -1) }));
    });
    expectRefused(() => verifyJson(other, trust), 'signature', 'not that of this key');
  });

  test('that reads in two ways', () => {
    const signed = readJson(v1);
    const twice = { ...signed, envelope: { ...signed.envelope, payload: Buffer.from('{}') } };
    expectRefused(() => verifyKeyless(twice, trust), 'bundle', 'in two ways');
  });

  test('with a bare key', () => {
    const bare = { ...readJson(v1), material: { kind: 'key' } } as const;
    expectRefused(() => verifyKeyless(bare, trust), 'method', 'not made through Sigstore');
  });
});

describe('the certificate', () => {
  const withCertificate = (bundle: BundleJson, rawBytes: string) =>
    changed(bundle, ({ verificationMaterial }) => {
      verificationMaterial.certificate = { rawBytes };
    });

  test('with a changed name', () => {
    const der = Buffer.from(v1.verificationMaterial.certificate?.rawBytes ?? '', 'base64');
    der[der.indexOf('acme')] = 'e'.charCodeAt(0);
    const other = withCertificate(v1, der.toString('base64'));
    expectRefused(() => verifyJson(other, trust), 'certificate-chain', 'was not issued by');
  });

  test('with a changed signature', () => {
    const other = withCertificate(v1, flipped(v1.verificationMaterial.certificate?.rawBytes ?? '', -1));
    expectRefused(() => verifyJson(other, trust), 'certificate-chain', 'was not issued by');
  });

  test('of another signature', () => {
    const other = withCertificate(v1, v2.verificationMaterial.certificate?.rawBytes ?? '');
    expectRefused(() => verifyJson(other, trust), 'signature', 'not that of this key');
  });

  test('of another signature, with its log entry', () => {
    const other = changed(v1, (copy) => {
      copy.dsseEnvelope = structuredClone(v2.dsseEnvelope);
      copy.verificationMaterial.certificate = structuredClone(v2.verificationMaterial.certificate) ?? { rawBytes: '' };
    });
    expectRefused(() => verifyJson(other, trust), 'log-entry', 'signature mismatch');
  });

  test('that is none', () => {
    expectRefused(() => verifyJson(withCertificate(v1, 'AAAA'), trust), 'certificate', 'cannot be read');
  });
});

describe('the log entry', () => {
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
    ['body', (entry) => body(entry, (text) => `${text} `), 'log-entry', 'does not vouch'],
    ['body that is no JSON', (entry) => body(entry, () => '{'), 'log-entry', 'does not vouch'],
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
      'in no transparency log',
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
      'a number that is none',
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

  test.each(both)('of Rekor v1: %s', (_, change, problem, why) => {
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

  test.each(both)('of Rekor v2: %s', (_, change, problem, why) => {
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
      'time, a second later',
      (entry) => {
        entry.integratedTime = `${Number(entry.integratedTime) + 1}`;
      },
      'log-entry',
      'promise',
    ],
    [
      'time, years ago',
      (entry) => {
        entry.integratedTime = '1600000000';
      },
      'log-entry',
      'promise',
    ],
    [
      'promise',
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
      'no promise, which is its time',
      (entry) => {
        delete entry.inclusionPromise;
      },
      'timestamp',
      'nothing proves when',
    ],
    [
      'no time',
      (entry) => {
        delete entry.integratedTime;
      },
      'timestamp',
      'nothing proves when',
    ],
  ];
  test.each(first)('of Rekor v1: %s', (_, change, problem, why) => {
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

  test('of Rekor v2 with a hash of the proof that is another', () => {
    const other = changed(v2, (copy) => {
      const proof = proofOf(copy);
      proof.hashes = (proof.hashes ?? []).map((hash) => flipped(hash, 0));
    });
    expectRefused(() => verifyJson(other, trust), 'log-entry', 'root hash');
  });

  test('of Rekor v2 says no time that is believed', () => {
    const other = changed(v2, (copy) => {
      entryOf(copy).integratedTime = '1600000000';
    });
    expect(verifyJson(other, trust)).toEqual(verifyJson(v2, trust));
  });

  test('of another signature, or of another instance, beside the right one', async () => {
    const more = (bundle: BundleJson, entry: LogEntryJson) =>
      changed(bundle, ({ verificationMaterial }) => void verificationMaterial.tlogEntries.push(structuredClone(entry)));
    expectRefused(() => verifyJson(more(v1, entryOf(v2)), trust), 'log-entry', 'mismatch');
    const foreign = await signKeyless(others, ['rekor1']);
    expectRefused(() => verifyJson(more(v1, entryOf(foreign)), trust), 'log-entry', 'not trusted');
  });

  test('that was made with another certificate for the same signature', async () => {
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
    'whose checkpoint is signed by %s',
    (name) => {
      const started = performance.now();
      const other = changed(v1, (copy) =>
        envelope(entryOf(copy), (text) => text.replace(/\u2014 \S+/, `\u2014 ${name}`)),
      );
      expectRefused(() => verifyJson(other, trust), 'log-entry', 'not supported');
      expect(performance.now() - started).toBeLessThan(500);
    },
  );
});

describe('the timestamp', () => {
  const withStamps = (stamps: { signedTimestamp: string }[]) =>
    changed(v2, ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = { rfc3161Timestamps: stamps };
    });
  const stamp = () => stampsOf(v2)[0]?.signedTimestamp ?? '';

  test('is missing', () => {
    expectRefused(() => verifyJson(withStamps([]), trust), 'timestamp', 'nothing proves when');
    const none = changed(v2, ({ verificationMaterial }) => {
      delete verificationMaterial.timestampVerificationData;
    });
    expectRefused(() => verifyJson(none, trust), 'timestamp', 'nothing proves when');
  });

  test('has another signature', () => {
    const signedTimestamp = flipped(stamp(), -1);
    expectRefused(() => verifyJson(withStamps([{ signedTimestamp }]), trust), 'timestamp', 'does not hold');
  });

  test('says another time', () => {
    const bytes = Buffer.from(stamp(), 'base64');
    const at = bytes.indexOf(`${new Date().getUTCFullYear()}`);
    expect(at).toBeGreaterThan(0);
    bytes.write('2020', at);
    const other = withStamps([{ signedTimestamp: bytes.toString('base64') }]);
    expectRefused(() => verifyJson(other, trust), 'timestamp', 'does not hold');
  });

  test('is of another signature', async () => {
    const [foreign] = stampsOf(await signKeyless(services, ['rekor2', 'tsa']));
    expectRefused(() => verifyJson(withStamps(foreign === undefined ? [] : [foreign]), trust), 'timestamp', 'not hold');
  });

  test('is there twice, nine times, or no timestamp', () => {
    const one = { signedTimestamp: stamp() };
    expectRefused(() => verifyJson(withStamps([one, one]), trust), 'timestamp', 'duplicate timestamp');
    expectRefused(() => verifyJson(withStamps(Array.from({ length: 9 }, () => one)), trust), 'timestamp', 'malformed');
    for (const signedTimestamp of ['', 'AAAA', 'MAA=', stamp().slice(0, 400)]) {
      expectRefused(() => verifyJson(withStamps([{ signedTimestamp }]), trust), 'timestamp', 'cannot be read');
    }
  });
});
