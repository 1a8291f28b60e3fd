import { describe, expect, it } from 'vitest';
import { mlflowSettings } from '../../../src/sources/mlflow/settings.ts';

const base = { MLFLOW_TRACKING_URI: 'https://mlflow.example.org/team/' };

describe('the settings of MLflow', () => {
  it('name one server for everything, unless the registry is elsewhere', () => {
    expect(mlflowSettings(base)).toEqual({
      tracking: 'https://mlflow.example.org/team',
      registry: 'https://mlflow.example.org/team',
      origins: ['https://mlflow.example.org'],
      credentials: [],
    });
    const { registry, origins } = mlflowSettings({ ...base, MLFLOW_REGISTRY_URI: 'https://registry.example.org:8443' });
    expect(registry).toBe('https://registry.example.org:8443');
    expect(origins).toEqual(['https://mlflow.example.org', 'https://registry.example.org:8443']);
  });

  it.each([
    [{ MLFLOW_TRACKING_TOKEN: 's3cret' }, 'Bearer s3cret'],
    [
      { MLFLOW_TRACKING_USERNAME: 'a', MLFLOW_TRACKING_PASSWORD: 'b:ü' },
      `Basic ${Buffer.from('a:b:ü').toString('base64')}`,
    ],
    [
      { MLFLOW_TRACKING_TOKEN: 's3cret', MLFLOW_TRACKING_USERNAME: 'a', MLFLOW_TRACKING_PASSWORD: 'b' },
      `Basic ${Buffer.from('a:b').toString('base64')}`,
    ],
    [{ MLFLOW_TRACKING_TOKEN: 's3cret', MLFLOW_TRACKING_USERNAME: 'a' }, 'Bearer s3cret'],
  ])('authenticate as MLflow does: %j', (login, value) => {
    const { credentials } = mlflowSettings({ ...base, ...login });
    expect(credentials).toEqual([{ origin: 'https://mlflow.example.org', header: { name: 'authorization', value } }]);
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp, RegExp]>([
    ['no server', {}, /MLFLOW_TRACKING_URI is not set/, /set MLFLOW_TRACKING_URI=https/],
    ['an empty server', { MLFLOW_TRACKING_URI: ' ' }, /is not set/, /set/],
    ['Databricks', { MLFLOW_TRACKING_URI: 'databricks' }, /login methods of Databricks/, /download the model/],
    ['a profile of Databricks', { MLFLOW_TRACKING_URI: 'databricks://prod' }, /Databricks/, /download/],
    ['Unity Catalog', { MLFLOW_TRACKING_URI: 'uc:http://x' }, /Databricks/, /download/],
    ['a database', { MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' }, /not a server/, /start mlflow server on that store/],
    ['a folder', { MLFLOW_TRACKING_URI: './mlruns' }, /not a server/, /start mlflow server/],
    ['a file URL', { MLFLOW_TRACKING_URI: 'file:///mlruns' }, /not a server/, /start mlflow server/],
    ['plain http', { MLFLOW_TRACKING_URI: 'http://mlflow.example.org' }, /protects neither the bytes/, /https/],
    [
      'plain http for the registry',
      { ...base, MLFLOW_REGISTRY_URI: 'http://10.0.0.1' },
      /protects neither the bytes/,
      /https/,
    ],
    [
      'a password in the URL',
      { MLFLOW_TRACKING_URI: 'https://a:s3cret@x.org' },
      /contains a user name/,
      /MLFLOW_TRACKING_USERNAME/,
    ],
    [
      'a query in the URL',
      { MLFLOW_TRACKING_URI: 'https://x.org/?a=1' },
      /query/,
      /set MLFLOW_TRACKING_URI=https:\/\/x\.org\//,
    ],
    [
      'a user name without a password',
      { ...base, MLFLOW_TRACKING_USERNAME: 'a' },
      /MLFLOW_TRACKING_PASSWORD is not/,
      /set both/,
    ],
    [
      'a password without a user name',
      { ...base, MLFLOW_TRACKING_PASSWORD: 's3cret' },
      /MLFLOW_TRACKING_USERNAME is not/,
      /set both/,
    ],
    [
      'a colon in the user name',
      { ...base, MLFLOW_TRACKING_USERNAME: 'a:b', MLFLOW_TRACKING_PASSWORD: 'c' },
      /colon/,
      /set it/,
    ],
    ['a token of two lines', { ...base, MLFLOW_TRACKING_TOKEN: 's3cret\nx: y' }, /not allowed in a token/, /unset/],
  ])('are refused with %s', (_, env, message, hint) => {
    try {
      mlflowSettings(env);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'usage',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
      expect(JSON.stringify(error)).not.toContain('s3cret');
      return;
    }
    expect.unreachable();
  });

  it('allow plain http to a server on this machine', () => {
    expect(mlflowSettings({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000/' }).tracking).toBe('http://127.0.0.1:5000');
  });
});
