import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { isArtifactPath } from '../../../src/core/reference/reference.ts';
import { isPrivateAddress } from '../../../src/egress/address-rules.ts';
import { type MlflowLocation, readLocation } from '../../../src/sources/mlflow/location.ts';
import { mlflowSettings } from '../../../src/sources/mlflow/settings.ts';

const settings = mlflowSettings({ MLFLOW_TRACKING_URI: 'https://mlflow.example.org/team' });
const SERVICE = 'https://mlflow.example.org/team/api/2.0/mlflow-artifacts/artifacts';
const read = (uri: string) => readLocation(uri, settings, {}, 'models:/m/1');
const proxy = (root: string, service = SERVICE) => ({ kind: 'proxy', service, root });

describe('an artifact location of MLflow', () => {
  it.each<[string, object]>([
    ['mlflow-artifacts:/0/run/artifacts/model', proxy('0/run/artifacts/model')],
    ['mlflow-artifacts:///0/model/', proxy('0/model')],
    ['mlflow-artifacts://mlflow.example.org/0/model', proxy('0/model')],
    ['mlflow-artifacts:/0/two%20words', proxy('0/two words')],
    ['mlflow-artifacts:/0/100%', proxy('0/100%')],
    [
      'mlflow-artifacts://public.example.com/0/m',
      proxy('0/m', SERVICE.replace('mlflow.example.org', 'public.example.com')),
    ],
    [`${SERVICE}/0/m`, proxy('0/m')],
    [
      'https://a.example.com/api/2.0/mlflow-artifacts/artifacts/0/m',
      proxy('0/m', 'https://a.example.com/api/2.0/mlflow-artifacts/artifacts'),
    ],
    ['s3://bucket/0/run/model', { kind: 's3', reference: { kind: 's3', bucket: 'bucket', key: '0/run/model' } }],
    ['runs:/0123abc/model/best', { kind: 'run', runId: '0123abc', path: 'model/best' }],
    ['runs:/0123abc', { kind: 'run', runId: '0123abc', path: '' }],
    ['models:/m-0123', { kind: 'logged-model', modelId: 'm-0123', path: '' }],
  ])('is parsed: %s', (uri, location) => {
    expect(read(uri)).toEqual(location);
  });

  it.each<[string, string, RegExp]>([
    ['file:///etc/passwd', 'refused', /must not name files of this machine/],
    ['FILE:///etc/passwd', 'refused', /must not name files of this machine/],
    ['/etc/passwd', 'refused', /must not name files of this machine/],
    ['mlruns/0/model', 'refused', /must not name files of this machine/],
    ['C:\\models', 'refused', /must not name files of this machine/],
    ['http://169.254.169.254/latest/meta-data/', 'refused', /169\.254\.169\.254 is link-local/],
    ['https://169.254.169.254/api/2.0/mlflow-artifacts/artifacts/x', 'refused', /169\.254\.169\.254 is link-local/],
    ['http://10.0.0.1/x', 'refused', /10\.0\.0\.1 is not a public address/],
    ['https://[::ffff:10.0.0.1]/x', 'refused', /is not a public address/],
    ['https://2130706433/x', 'refused', /127\.0\.0\.1 is not a public address/],
    ['http://public.example.com/api/2.0/mlflow-artifacts/artifacts/m', 'refused', /does not protect the bytes/],
    ['http://mlflow.example.org/team/api/2.0/mlflow-artifacts/artifacts/m', 'refused', /does not protect the bytes/],
    ['https://mlflow.example.org/secret', 'unsupported', /not an artifact service of MLflow/],
    ['mlflow-artifacts://10.0.0.1:5000/m', 'refused', /10\.0\.0\.1 is not a public address/],
    ['mlflow-artifacts://user:pw@mlflow.example.org/m', 'malformed', /is not valid/],
    ['mlflow-artifacts:/0/../../etc', 'refused', /leads out of/],
    ['mlflow-artifacts:/0/%2e%2e/etc', 'refused', /leads out of/],
    ['mlflow-artifacts:/0/%252e%252e/etc', 'refused', /leads out of/],
    ['mlflow-artifacts:/a%00b', 'refused', /leads out of/],
    ['runs:/abc/../x', 'refused', /leads out of/],
    ['runs:/../x', 'malformed', /is not valid/],
    ['models:/other/3', 'unsupported', /another registered model/],
    ['s3://', 'malformed', /is not valid/],
    ['s3://B_UCKET/x', 'malformed', /is not valid/],
    ['s3://bucket/x?versionId=1', 'malformed', /is not valid/],
    ['gs://bucket/x', 'unsupported', /a store that is not supported \(gs:\)/],
    ['dbfs:/x', 'unsupported', /a store that is not supported \(dbfs:\)/],
    ['ftp://a:b@host/x', 'unsupported', /a store that is not supported \(ftp:\)/],
    ['hf://org/model', 'unsupported', /a store that is not supported \(hf:\)/],
    ['', 'malformed', /does not name the location/],
    ['mlflow-artifacts:/a\nb', 'malformed', /is not valid/],
    [`mlflow-artifacts:/${'a/'.repeat(3000)}`, 'malformed', /is not valid/],
  ])('is refused: %s', (uri, code, message) => {
    expect(() => read(uri)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('is never a private address, for any text', () => {
    const scheme = fc.constantFrom(
      'mlflow-artifacts:',
      'http:',
      'https:',
      's3:',
      'runs:',
      'models:',
      'file:',
      '',
      'x:',
    );
    const host = fc.constantFrom(
      '',
      '//',
      '//10.0.0.1',
      '//[::1]:80',
      '//a@b',
      '//example.com',
      '//localhost',
      '//0x7f.1',
    );
    const part = fc.constantFrom('/', '..', '%2e%2e', '%252f', 'a', '@', '?', '#', '\\', ':', '%', 'm-1', '\0', '🙂');
    const service = fc.constantFrom('', '/api/2.0/mlflow-artifacts/artifacts/');
    const built = fc
      .tuple(scheme, host, service, fc.array(part, { maxLength: 8 }))
      .map(([a, b, c, d]) => `${a}${b}${c}${d.join('')}`);
    fc.assert(
      fc.property(fc.oneof(built, fc.string({ unit: 'binary' })), (uri) => {
        const location = located(uri);
        if (location?.kind === 'proxy') {
          const { protocol, hostname } = new URL(location.service);
          expect(protocol).toBe('https:');
          const host = hostname.replace(/^\[|\]$/g, '');
          expect(isIP(host) !== 0 && isPrivateAddress(host)).toBe(false);
          expect(location.root === '' || isArtifactPath(location.root)).toBe(true);
        }
        if (location !== undefined && 'path' in location && location.path !== '')
          expect(isArtifactPath(location.path)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

function located(uri: string): MlflowLocation | undefined {
  try {
    return read(uri);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return undefined;
  }
}
