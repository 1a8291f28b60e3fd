import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import type { SourceOptions } from '../../../src/sources/source.ts';
import { torchZip } from '../../support/fake-content.ts';
import { errorOf, fileOf, MiB, textOf } from '../../support/hub-harness.ts';
import { requirePart, STORY } from '../../support/parts.ts';
import { Meddler } from '../../support/s3-meddler.ts';
import { environment, HOW, hasSeaweed, type Keys, READER, S3Server } from '../../support/s3-server.ts';
import { noise } from '../../support/temp.ts';

requirePart(
  'S3 server SeaweedFS',
  hasSeaweed,
  HOW,
  'objects of a real S3 server',
  () => {
    let server: S3Server;
    let meddler: Meddler;
    const opened: Artifact[] = [];

    beforeAll(async () => {
      server = await S3Server.startSeaweed();
      meddler = await Meddler.start(server.endpoint);
      for (const bucket of ['models', 'others', 'public', 'empty']) await server.makeBucket(bucket);
      await server.makeBucket('versioned', true);
      await server.put('models', 'one/model.bin', 'the model');
      await server.put('others', 'model.bin', 'of others');
      await server.put('public', 'model.bin', 'for all');
    });

    afterAll(async () => {
      meddler?.stop();
      await server?.stop();
    });

    afterEach(async () => {
      for (const artifact of opened.splice(0)) await artifact.close();
      meddler.heal();
      meddler.seen.length = 0;
    });

    const optionsOf = (env: NodeJS.ProcessEnv = {}, keys: Keys | undefined = undefined): SourceOptions => ({
      env: { ...server.env(keys), AWS_ENDPOINT_URL: meddler.origin, ...env },
      egress: { retry: { retries: 2, firstDelayMs: 1 } },
    });

    async function open(ref: string, options: SourceOptions = optionsOf()): Promise<Artifact> {
      const artifact = await openArtifact(ref, options);
      opened.push(artifact);
      return artifact;
    }

    const gets = () => meddler.seen.filter(({ url }) => url.includes('x-id=GetObject'));

    test('give one file for one object', async () => {
      const artifact = await open('s3://models/one/model.bin');
      expect(artifact).toMatchObject({ ref: 's3://models/one/model.bin', pinned: 's3://models/one/model.bin' });
      expect(artifact.files).toMatchObject([{ path: 'model.bin', size: 9, distance: 'near' }]);
      expect(artifact.notes.join()).toMatch(/keeps no versions: the object was read at its ETag "[0-9a-f]{32}"/);
      expect(await textOf(artifact, 'model.bin')).toBe('the model');
      expect(gets()[0]?.headers['if-match']).toMatch(/^"[0-9a-f]{32}"$/);
      expect(gets()[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
      expect(gets()[0]?.headers['user-agent']).toMatch(/^assay/);
    });

    test('give every object below a prefix, in any spelling of the prefix', async () => {
      await server.put('models', 'tree/a.bin', 'a');
      await server.put('models', 'tree/deep/er/b.bin', 'b');
      await server.put('models', 'tree/empty.txt', '');
      await server.put('models', 'tree/folder/', '');
      await server.put('models', 'tree-beside/c.bin', 'c');
      for (const ref of ['s3://models/tree/', 's3://models/tree']) {
        const artifact = await open(ref);
        expect(artifact.ref).toBe('s3://models/tree/');
        expect(artifact.files.map((file) => file.path)).toEqual(['a.bin', 'deep/er/b.bin', 'empty.txt']);
        expect(await textOf(artifact, 'deep/er/b.bin')).toBe('b');
        expect(await textOf(artifact, 'empty.txt')).toBe('');
      }
    });

    test('are listed over pages: 2,500 objects', async () => {
      const keys = Array.from({ length: 2_500 }, (_, i) => `many/${String(i).padStart(4, '0')}.json`);
      const queue = keys.values();
      const lane = async () => {
        for (const key of queue) await server.put('models', key, '{}');
      };
      await Promise.all(Array.from({ length: 16 }, lane));
      const artifact = await open('s3://models/many/');
      expect(artifact.files.map(({ path }) => `many/${path}`)).toEqual(keys);
      expect(meddler.seen.filter(({ url }) => url.includes('list-type=2&max-keys=1000'))).toHaveLength(3);
      expect(await textOf(artifact, '2499.json')).toBe('{}');
      const few = { ...optionsOf(), limits: { ...DEFAULT_LIMITS, maxFiles: 2_499 } };
      expect(await errorOf(open('s3://models/many/', few))).toMatchObject({
        code: 'limit',
        hint: 'name a deeper prefix',
      });
    });

    test('have keys with special characters', async () => {
      const names = [
        'sp ace',
        'plus+',
        'percent%41',
        'ünïcødé-日本-🤗',
        'a&b=c;d?e#f',
        'quote\'"',
        '(x)!*',
        'new\nline',
      ];
      for (const name of names) await server.put('models', `odd/${name}`, `is ${name}`);
      const artifact = await open('s3://models/odd/');
      expect(artifact.files.map(({ path }) => path).sort()).toEqual([...names].sort());
      for (const name of names) {
        expect(await textOf(artifact, name)).toBe(`is ${name}`);
        expect(await textOf(await open(`s3://models/odd/${name}`), name)).toBe(`is ${name}`);
      }
    });

    test('in a versioned bucket are read at the version that was opened', async () => {
      const first = await server.put('versioned', 'm/model.bin', 'first');
      const one = await open('s3://versioned/m/model.bin');
      const all = await open('s3://versioned/m/');
      const second = await server.put('versioned', 'm/model.bin', 'the second');
      expect(one.pinned).toBe(`s3://versioned/m/model.bin?versionId=${first.versionId}`);
      expect(one.notes).toEqual([]);
      expect(all.pinned).toBe('s3://versioned/m/');
      expect(all.notes).toEqual(['each object was read at its version id, which the address does not name']);
      for (const artifact of [one, all]) expect(await textOf(artifact, 'model.bin')).toBe('first');
      for (const { url } of gets()) expect(url).toContain(`versionId=${first.versionId}`);
      expect(await textOf(await open('s3://versioned/m/'), 'model.bin')).toBe('the second');
      expect(await textOf(await open(one.pinned), 'model.bin')).toBe('first');
      expect((await open('s3://versioned/m/model.bin')).pinned).toContain(second.versionId);
      expect(await errorOf(open('s3://versioned/m/model.bin?versionId=nope'))).toMatchObject({
        code: 'not-found',
        message: 'the object has no such version',
      });
    });

    test('in an unversioned bucket give an error when they are overwritten meanwhile', async () => {
      await server.put('models', 'over/small.bin', 'one');
      await server.put('models', 'over/large.bin', noise(11 * MiB, 1));
      const artifact = await open('s3://models/over/');
      const source = await fileOf(artifact, 'large.bin').open();
      expect(await source.unchanged()).toBe(true);
      await server.put('models', 'over/small.bin', 'two');
      await server.put('models', 'over/large.bin', noise(11 * MiB, 2));
      expect((await errorOf(textOf(artifact, 'small.bin'))).code).toBe('changed');
      expect((await errorOf(source.read(5 * MiB, 8))).code).toBe('changed');
      expect(await source.unchanged()).toBe(false);
      await source.close();
    });

    test('give an error when they are removed meanwhile', async () => {
      await server.put('models', 'gone/model.bin', 'one');
      const artifact = await open('s3://models/gone/model.bin');
      meddler.meddle({
        when: (_, url) => url.includes('GetObject'),
        answer: { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' },
      });
      expect(await errorOf(textOf(artifact, 'model.bin'))).toMatchObject({
        code: 'changed',
        message: 'was listed in the bucket, but no longer exists',
      });
    });

    test('that were uploaded in parts are read, and their composite checksum is not claimed', async () => {
      const parts = [noise(8 * MiB, 3), noise(5 * MiB, 4)];
      const at = { Bucket: 'models', Key: 'parts/model.bin' };
      const { UploadId } = await server.client.send(
        new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }),
      );
      const done = [];
      for (const [i, Body] of parts.entries()) {
        const part = { ...at, UploadId, PartNumber: i + 1, Body, ChecksumAlgorithm: 'SHA256' as const };
        const { ETag, ChecksumSHA256 } = await server.client.send(new UploadPartCommand(part));
        done.push({ PartNumber: i + 1, ETag, ChecksumSHA256 });
      }
      await server.client.send(
        new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: done } }),
      );
      for (const ref of ['s3://models/parts/model.bin', 's3://models/parts/']) {
        const file = fileOf(await open(ref), 'model.bin');
        expect(file).toMatchObject({ size: 13 * MiB, distance: 'far' });
        expect(file.claimed).toBeUndefined();
        const source = await file.open();
        const whole = Buffer.concat(parts);
        for (const [offset, length] of [
          [0, 16],
          [8 * MiB - 5, 10],
          [13 * MiB - 3, 3],
          [100, 9 * MiB],
        ] as const)
          expect(whole.subarray(offset, offset + length).equals(await source.read(offset, length))).toBe(true);
        await source.close();
      }
    });

    test('with a SHA-256 checksum claim it, and a small file is checked against it', async () => {
      const sha256 = '2b0ac5ef4a8fd5b8aa1e7d0f0a0b6e8a47b8d2a8d3f9a1a53a9a0dd1c7f4a1de';
      await server.put('models', 'sum/model.bin', 'summed', { ChecksumAlgorithm: 'SHA256' });
      await server.put('models', 'sum/large.bin', noise(11 * MiB, 5), { ChecksumAlgorithm: 'SHA256' });
      const one = fileOf(await open('s3://models/sum/model.bin'), 'model.bin');
      expect(one.claimed).toMatchObject({ algorithm: 'sha256', hex: expect.stringMatching(/^[0-9a-f]{64}$/) });
      const all = await open('s3://models/sum/');
      expect(fileOf(all, 'large.bin').claimed).toMatchObject({ algorithm: 'sha256' });
      const lie = Buffer.from(sha256, 'hex').toString('base64');
      meddler.meddle({ when: (method) => method === 'HEAD', headers: { 'x-amz-checksum-sha256': lie } });
      const lied = await open('s3://models/sum/model.bin');
      expect(fileOf(lied, 'model.bin').claimed).toEqual({ algorithm: 'sha256', hex: sha256 });
      expect((await errorOf(textOf(lied, 'model.bin'))).code).toBe('mismatch');
    });

    test.each([
      ['safetensors', 'model.safetensors', () => safetensors(64 * MiB)],
      ['a PyTorch archive', 'model.pt', () => wholeOf(torchZip([32 * MiB, 32 * MiB]))],
    ])('with 64 MiB of %s are judged from under 5 % of their bytes', async (_, name, make) => {
      await server.put('models', `big/${name}`, make(), { ChecksumAlgorithm: 'SHA256' });
      meddler.sent = 0;
      const assessment = await assess(await open(`s3://models/big/${name}`));
      expect(assessment.files).toMatchObject([{ path: name, verdict: 'clean', digestBasis: 'claimed' }]);
      const { bytesRead, bytesTotal } = assessment.stats;
      console.log(
        `${name}: read ${bytesRead} of ${bytesTotal} bytes: ${((100 * bytesRead) / bytesTotal).toFixed(3)} %`,
      );
      expect(bytesRead / bytesTotal).toBeLessThan(0.05);
      expect(meddler.sent).toBeLessThanOrEqual(bytesRead);
    });

    test('that do not exist give an error', async () => {
      const cases = [
        ['s3://models/nope', 'neither the object nor an object below it exists'],
        ['s3://models/one/mod', 'neither the object nor an object below it exists'],
        ['s3://models/nope/', 'neither the object nor an object below it exists'],
        ['s3://empty', 'the bucket contains no objects'],
        ['s3://nosuchbucket/model.bin', `the bucket nosuchbucket does not exist at ${meddler.origin}`],
        ['s3://nosuchbucket/', `the bucket nosuchbucket does not exist at ${meddler.origin}`],
      ] as const;
      for (const [ref, message] of cases) {
        const error = await errorOf(open(ref));
        expect(error, ref).toMatchObject({ code: 'not-found', message });
        expect(error.hint).not.toBe('');
      }
    });

    test('give distinct errors for wrong keys', async () => {
      const ref = 's3://models/one/model.bin';
      const wrongSecret = await errorOf(open(ref, optionsOf({ AWS_SECRET_ACCESS_KEY: 'wrong-s3cret' })));
      expect(wrongSecret).toMatchObject({
        code: 'unauthorized',
        message: 'the secret key does not match the access key',
      });
      const unknown = await errorOf(open(ref, optionsOf({ AWS_ACCESS_KEY_ID: 'AKIDNOBODY' })));
      expect(unknown).toMatchObject({
        code: 'unauthorized',
        message: `the access key is not known at ${meddler.origin}`,
      });
      const reader = optionsOf({}, READER);
      expect(await textOf(await open(ref, reader), 'model.bin')).toBe('the model');
      for (const other of ['s3://others/model.bin', 's3://others/'])
        expect(await errorOf(open(other, reader))).toMatchObject({
          code: 'unauthorized',
          message: 'access is denied (AccessDenied)',
        });
    });

    test('are requested unsigned without keys', async () => {
      const env = environment(meddler.origin, undefined);
      for (const ref of ['s3://public/model.bin', 's3://public/']) {
        const artifact = await open(ref, { env });
        expect(await textOf(artifact, 'model.bin')).toBe('for all');
      }
      const unsigned = optionsOf({ AWS_NO_SIGN_REQUEST: 'true' });
      expect(await textOf(await open('s3://public/model.bin', unsigned), 'model.bin')).toBe('for all');
      for (const { headers } of meddler.seen) expect(headers.authorization).toBeUndefined();
      expect(await errorOf(open('s3://models/one/model.bin', { env }))).toMatchObject({
        code: 'unauthorized',
        message: 'access is denied to a request without a signature (AccessDenied)',
        hint: 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      });
    });

    test('have an interrupted listing requested again, then reported', async () => {
      const lists = (_: string, url: string) => url.includes('list-type=2');
      meddler.meddle({ when: lists, cutAfter: 100, times: 2 });
      expect((await open('s3://models/tree/')).files).toHaveLength(3);
      meddler.meddle({ when: lists, cutAfter: 100 });
      expect((await errorOf(open('s3://models/tree/'))).code).toBe('network');
    });

    test.each([
      ['is truncated', /<IsTruncated>false/, '<IsTruncated>true', 'is truncated, but does not name its next part'],
      ['leaves the prefix', /<Key>tree\/a/, '<Key>other/a', 'names "other/a.bin", which is not below the prefix'],
      ['repeats a key', /tree\/empty\.txt/, 'tree/a.bin', 'names "tree/a.bin" twice'],
      ['has no key', /<Key>tree\/empty\.txt<\/Key>/, '', 'contains an object without a key'],
      ['has no size', /<Size>1</, '<Size>-1<', 'gives "tree/a.bin" an impossible size'],
    ])('are refused when the listing %s', async (_, from, to, message) => {
      meddler.meddle({
        when: (_method, url) => url.includes('max-keys=1000'),
        alter: (body) => body.replace(from, to),
      });
      const error = await errorOf(open('s3://models/tree/'));
      expect(error).toMatchObject({ code: 'malformed', message: `the listing ${message}` });
    });

    test('with unsafe keys are unreadable entries', async () => {
      const alter = (body: string) =>
        body.replace('tree/a.bin', 'tree/../../etc/passwd').replace('tree/deep/er/b.bin', 'tree//b.bin');
      meddler.meddle({ when: (_, url) => url.includes('max-keys=1000'), alter });
      const artifact = await open('s3://models/tree/');
      expect(artifact.files.map(({ path }) => path)).toEqual(['%2E%2E/%2E%2E/etc/passwd', '%2F/b.bin', 'empty.txt']);
      expect(artifact.notes).toContain('2 of 3 objects have keys that are not paths, and count as unknown');
      expect((await errorOf(textOf(artifact, '%2E%2E/%2E%2E/etc/passwd'))).code).toBe('unreadable');
      expect((await errorOf(open('s3://models/tree/../one/model.bin'))).code).toBe('usage');
      expect((await errorOf(open('s3://models/tree/?versionId=1'))).code).toBe('usage');
    });

    test('behind a redirect are not read, and the target gets no request', async () => {
      const other = await Meddler.start(server.endpoint);
      try {
        for (const status of [301, 302, 307, 308]) {
          meddler.heal();
          const headers = { location: `${other.origin}/models/one/model.bin` };
          meddler.meddle({ when: () => true, answer: { status, headers } });
          expect(await errorOf(open('s3://models/one/model.bin'))).toMatchObject({
            code: 'network',
            message: 'the server says that the bucket is elsewhere',
          });
        }
        expect(other.seen).toEqual([]);
      } finally {
        other.stop();
      }
    });

    test('in another region are requested there once, with its signature', async () => {
      const wrong = { status: 301, headers: { 'x-amz-bucket-region': 'eu-central-1' } };
      meddler.meddle({ when: () => true, answer: wrong, times: 1 });
      expect(await textOf(await open('s3://models/one/model.bin'), 'model.bin')).toBe('the model');
      const regions = meddler.seen.map(
        ({ headers }) => /Credential=[^/]+\/\d+\/([^/]+)/.exec(headers.authorization ?? '')?.[1],
      );
      expect(regions).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
      meddler.meddle({ when: () => true, answer: wrong });
      expect(await errorOf(open('s3://models/one/model.bin'))).toMatchObject({ hint: 'set AWS_REGION=eu-central-1' });
      meddler.heal();
      meddler.seen.length = 0;
      const evil = { status: 301, headers: { 'x-amz-bucket-region': 'x.evil.example/' } };
      meddler.meddle({ when: () => true, answer: evil });
      expect((await errorOf(open('s3://models/one/model.bin'))).hint).toBe(
        'set AWS_REGION to the region of the bucket',
      );
    });

    test('are requested again from a busy server', async () => {
      const slow = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
      meddler.meddle({ when: () => true, answer: slow, times: 2 });
      expect(await textOf(await open('s3://models/one/model.bin'), 'model.bin')).toBe('the model');
      meddler.meddle({ when: () => true, answer: slow });
      expect(await errorOf(open('s3://models/one/'))).toMatchObject({
        code: 'network',
        message: 'the server accepts no more requests for now (SlowDown)',
      });
    });

    test.each([
      ['ExpiredToken', 400, 'unauthorized', 'the credentials have expired'],
      ['InvalidToken', 400, 'unauthorized', 'the token of the credentials is not accepted'],
      ['RequestTimeTooSkewed', 403, 'unauthorized', "this machine's clock differs from the server's"],
      ['InvalidObjectState', 403, 'unreadable', 'the object is archived'],
      ['AuthorizationHeaderMalformed', 400, 'network', 'the server says that the bucket is elsewhere'],
      ['NotImplemented', 501, 'unsupported', 'the server does not support this request of S3'],
      ['Teapot', 418, 'network', 'the server answers with the status 418 (Teapot)'],
    ])('have an error message of their own for %s', async (code, status, kind, message) => {
      meddler.meddle({ when: () => true, answer: { status, body: `<Error><Code>${code}</Code></Error>` } });
      for (const ref of ['s3://models/one/model.bin', 's3://models/one/'])
        expect(await errorOf(open(ref))).toMatchObject({ code: kind, message });
    });

    test('are pinned by ETags where versions cannot be listed', async () => {
      await server.put('versioned', 'hidden/model.bin', 'versioned');
      const answer = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' };
      meddler.meddle({ when: (_, url) => /[?&]versions/.test(url), answer });
      const artifact = await open('s3://versioned/hidden/');
      expect(artifact.notes).toEqual([
        'the credentials cannot list the versions of the bucket: each object was read at its ETag',
      ]);
      expect(await textOf(artifact, 'model.bin')).toBe('versioned');
    });

    test('are requested again after an interruption, and refused for another range', async () => {
      await server.put('models', 'broken/model.bin', noise(11 * MiB, 6));
      const source = await fileOf(await open('s3://models/broken/model.bin'), 'model.bin').open();
      const isGet = (_: string, url: string) => url.includes('GetObject');
      meddler.meddle({ when: isGet, cutAfter: 50, times: 2 });
      expect((await source.read(5 * MiB, 8)).length).toBe(8);
      meddler.meddle({ when: isGet, headers: { 'content-range': `bytes 0-8191/${11 * MiB}` } });
      expect((await errorOf(source.read(7 * MiB, 8))).code).toBe('network');
      meddler.heal();
      meddler.meddle({ when: isGet, headers: { etag: '"other"' } });
      expect((await errorOf(source.read(8 * MiB, 8))).code).toBe('changed');
      meddler.heal();
      meddler.meddle({ when: isGet, alter: (body) => `${body}more` });
      expect((await errorOf(source.read(9 * MiB, 8))).code).toBe('mismatch');
      await source.close();
    });

    test('are subject to the rules of egress', async () => {
      const egress = { rules: { denyPrivate: true } };
      const refused = { ...optionsOf(), egress };
      expect((await errorOf(open('s3://models/one/model.bin', refused))).code).toBe('refused');
      const hosts = { ...optionsOf(), egress: { rules: { hosts: ['s3.example.com'] } } };
      expect((await errorOf(open('s3://models/one/model.bin', hosts))).code).toBe('refused');
      const offline = { ...optionsOf(), offline: true };
      expect(await errorOf(open('s3://models/one/model.bin', offline))).toMatchObject({ code: 'usage' });
      const aborted = { ...optionsOf(), signal: AbortSignal.abort() };
      expect((await errorOf(open('s3://models/one/model.bin', aborted))).code).toBe('aborted');
      expect(meddler.seen).toEqual([]);
    });
  },
  STORY,
);

function safetensors(size: number): Buffer {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [size / 4], data_offsets: [0, size] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(size)]);
}

function wholeOf(content: { size: number; slice(start: number, end: number): Uint8Array }): Uint8Array {
  return content.slice(0, content.size);
}
