import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import { type Keys, s3Credentials, type TokenService } from '../../../src/sources/s3/credentials.ts';
import { s3Settings } from '../../../src/sources/s3/settings.ts';
import { errorOf, textOf } from '../../support/hub-harness.ts';
import { requirePart } from '../../support/parts.ts';
import { Meddler } from '../../support/s3-meddler.ts';
import { environment, HOW, hasMoto, S3Server } from '../../support/s3-server.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const noService: TokenService = {
  assumeRole: () => Promise.reject(new Error('not evaluated')),
  assumeRoleWithToken: () => Promise.reject(new Error('not evaluated')),
};

async function keysOf(env: NodeJS.ProcessEnv): Promise<Keys | undefined> {
  return s3Credentials(await s3Settings({ HOME: folder, ...env }), noService)?.();
}

describe('AWS keys', () => {
  const files = {
    AWS_CONFIG_FILE: file(
      'config',
      [
        '[default]',
        'region = eu-west-1',
        '[profile team]',
        'aws_access_key_id = AKIDTEAM',
        'aws_secret_access_key = team-s3cret',
        'aws_session_token = team-token',
        '[profile process]',
        'credential_process = /bin/echo pwned',
        '[profile machine]',
        'role_arn = arn:aws:iam::123456789012:role/x',
        'credential_source = Ec2InstanceMetadata',
        '[profile sso]',
        'sso_session = mine',
        '[profile mfa]',
        'role_arn = arn:aws:iam::123456789012:role/x',
        'source_profile = team',
        'mfa_serial = arn:aws:iam::123456789012:mfa/me',
        '[profile loop]',
        'role_arn = arn:aws:iam::123456789012:role/x',
        'source_profile = pool',
        '[profile pool]',
        'role_arn = arn:aws:iam::123456789012:role/y',
        'source_profile = loop',
        '[profile bare]',
        'region = eu-central-1',
      ].join('\n'),
    ),
    AWS_SHARED_CREDENTIALS_FILE: file(
      'credentials',
      '[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = file-s3cret\n',
    ),
  };
  const none = { AWS_CONFIG_FILE: file('none', ''), AWS_SHARED_CREDENTIALS_FILE: file('nothing', '') };
  const inEnv = { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 'env-s3cret' };

  test('are read from the environment first, then from the profile', async () => {
    expect(await keysOf({ ...files, ...inEnv })).toEqual({ accessKeyId: 'AKIDENV', secretAccessKey: 'env-s3cret' });
    expect(await keysOf(files)).toEqual({ accessKeyId: 'AKIDFILE', secretAccessKey: 'file-s3cret' });
    expect(await keysOf({ ...files, AWS_PROFILE: 'team' })).toEqual({
      accessKeyId: 'AKIDTEAM',
      secretAccessKey: 'team-s3cret',
      sessionToken: 'team-token',
    });
    expect(await keysOf(none)).toBeUndefined();
    expect(await keysOf({ ...files, ...inEnv, AWS_NO_SIGN_REQUEST: 'YES' })).toBeUndefined();
  });

  test.each([
    ['process', 'gets its keys by credential_process, which is not supported', /export-credentials --profile process/],
    ['machine', 'gets its keys by credential_source, which is not supported', /export-credentials --profile machine/],
    ['sso', 'gets its keys by sso_session, which is not supported', /eval "\$\(aws configure export-credentials/],
    ['mfa', 'requires a code of a second factor', /export-credentials --profile mfa/],
    ['loop', 'refers to itself', /source_profile/],
    ['bare', 'does not contain keys', /aws configure/],
    ['constructor', 'is not in any file of the AWS command line', /check AWS_PROFILE/],
  ])('of the profile %s are refused', async (name, what, hint) => {
    const error = await errorOf(keysOf({ ...files, AWS_PROFILE: name }));
    expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringMatching(hint) });
    expect(error.message).toContain(what);
  });

  test('that are incomplete or in unreadable files give an error', async () => {
    expect((await errorOf(keysOf({ ...none, AWS_ACCESS_KEY_ID: 'AKIDHALF' }))).code).toBe('usage');
    expect(await errorOf(keysOf({ AWS_CONFIG_FILE: '/nonexistent' }))).toMatchObject({ code: 'unreadable' });
    const token = { ...none, AWS_ROLE_ARN: 'arn:x', AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent' };
    expect((await errorOf(keysOf(token))).code).toBe('unreadable');
  });
});

describe('AWS settings', () => {
  const read = (env: NodeJS.ProcessEnv, config = '') =>
    s3Settings({
      HOME: folder,
      AWS_CONFIG_FILE: file('settings', config),
      AWS_SHARED_CREDENTIALS_FILE: file('no-keys', ''),
      ...env,
    });

  test('are read from the environment, then from the profile', async () => {
    const config =
      '[default]\nregion = eu-west-1\nservices = local\nendpoint_url = https://all.example/\n' +
      '[services local]\ns3 =\n  endpoint_url = https://s3.example\n';
    expect(await read({}, config)).toMatchObject({
      region: 'eu-west-1',
      endpoint: 'https://s3.example',
      stsEndpoint: 'https://all.example',
    });
    const env = {
      AWS_REGION: 'us-west-2',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_STS: 'https://s.example',
    };
    expect(await read(env, config)).toMatchObject({
      region: 'us-west-2',
      endpoint: 'http://127.0.0.1:9',
      stsEndpoint: 'https://s.example',
    });
    const ignored = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_ENDPOINT_URL: 'https://a.example' };
    expect((await read(ignored, config)).endpoint).toBeUndefined();
    expect(await read({})).toMatchObject({ region: 'us-east-1', endpoint: undefined });
  });

  test.each([
    ['an endpoint with another scheme', { AWS_ENDPOINT_URL: 'ftp://a.example' }],
    ['an endpoint with a password', { AWS_ENDPOINT_URL_S3: 'https://u:s3cret@a.example' }],
    ['an endpoint without TLS', { AWS_ENDPOINT_URL: 'http://minio.example:9000' }],
    ['a region that is a host', { AWS_REGION: 'evil.example/' }],
  ])('are refused with %s', async (_, env) => {
    expect((await errorOf(read(env))).code).toBe('usage');
  });
});

requirePart('S3 and STS server Moto', hasMoto, HOW, 'roles of a security token service', () => {
  const ROLE = 'arn:aws:iam::123456789012:role/reader';
  let server: S3Server;
  let meddler: Meddler;
  const opened: Artifact[] = [];

  beforeAll(async () => {
    server = await S3Server.startMoto();
    meddler = await Meddler.start(server.endpoint);
    await server.makeBucket('models');
    await server.put('models', 'climb/ok.bin', 'fine');
    await server.put('models', 'climb/../up.bin', 'climbs');
    await server.put('models', 'climb//double.bin', 'doubled');
    await server.put('models', 'climb/back\\slash.bin', 'slashed');
    await server.put('models', 'a/model.bin', 'by role');
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

  async function open(ref: string, env: NodeJS.ProcessEnv): Promise<Artifact> {
    const artifact = await openArtifact(ref, { env: { ...environment(meddler.origin, undefined), ...env } });
    opened.push(artifact);
    return artifact;
  }

  const sts = () => meddler.seen.filter(({ method }) => method === 'POST');

  test('are assumed with an identity token, over egress', async () => {
    const token = file('token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.s3cret\n');
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: ROLE, AWS_ROLE_SESSION_NAME: 'tests' };
    expect(await textOf(await open('s3://models/a/model.bin', env), 'model.bin')).toBe('by role');
    expect(sts()).toHaveLength(1);
    expect(sts()[0]?.headers.authorization).toBeUndefined();
    for (const { headers } of meddler.seen.filter(({ method }) => method !== 'POST')) {
      expect(headers.authorization).toMatch(/Credential=ASIA/);
      expect(headers['x-amz-security-token']).toBeTypeOf('string');
    }
    const inFile = file('web', `[profile web]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${token}\n`);
    const byProfile = { AWS_CONFIG_FILE: inFile, AWS_PROFILE: 'web' };
    expect(await textOf(await open('s3://models/a/model.bin', byProfile), 'model.bin')).toBe('by role');
  });

  test('are assumed with the keys of another profile', async () => {
    const config = file(
      'roles',
      `[profile role]\nrole_arn = ${ROLE}\nsource_profile = base\nexternal_id = ext-1\nduration_seconds = 900\n` +
        '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-s3cret\n',
    );
    const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'role' };
    expect(await textOf(await open('s3://models/a/model.bin', env), 'model.bin')).toBe('by role');
    expect(sts().map(({ headers }) => /Credential=[^/]+/.exec(headers.authorization ?? '')?.[0])).toEqual([
      'Credential=AKIDBASE',
    ]);
  });

  test('that are refused give an error without the token', async () => {
    const token = file('token2', 'token-s3cret');
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: ROLE };
    const answers = [
      [
        403,
        '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>',
        'access is denied (AccessDenied)',
      ],
      [
        400,
        '<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>',
        'the credentials have expired',
      ],
      [200, '<AssumeRoleWithWebIdentityResponse/>', 'the security token service does not return keys'],
    ] as const;
    for (const [status, body, message] of answers) {
      meddler.heal();
      meddler.meddle({ when: (method) => method === 'POST', answer: { status, body } });
      expect(await errorOf(open('s3://models/a/model.bin', env))).toMatchObject({ message });
    }
    const other = await Meddler.start(server.endpoint);
    try {
      meddler.heal();
      const headers = { location: other.origin };
      meddler.meddle({ when: (method) => method === 'POST', answer: { status: 307, headers } });
      expect((await errorOf(open('s3://models/a/model.bin', env))).code).toBe('network');
      expect(other.seen).toEqual([]);
    } finally {
      other.stop();
    }
  });

  test('keep unsafe object keys as unreadable entries', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'any-s3cret' };
    const artifact = await open('s3://models/climb/', keys);
    expect(artifact.files.map(({ path }) => path).sort()).toEqual([
      '%2E%2E/up.bin',
      '%2F/double.bin',
      'back%5Cslash.bin',
      'ok.bin',
    ]);
    expect(await textOf(artifact, 'ok.bin')).toBe('fine');
    for (const { path } of artifact.files.filter((one) => one.path !== 'ok.bin'))
      expect((await errorOf(textOf(artifact, path))).code).toBe('unreadable');
    expect(await textOf(await open('s3://models/climb//double.bin', keys), 'double.bin')).toBe('doubled');
    expect(await textOf(await open('s3://models/climb/back\\slash.bin', keys), 'back%5Cslash.bin')).toBe('slashed');
  });
});
