import { readFileSync } from 'node:fs';
import { AssayError } from '../../core/index.ts';
import type { S3Profile, S3Settings } from './settings.ts';

/** The keys of a request, and their expiry. Called again when they are about to expire. */
export type S3Credentials = () => Promise<Keys>;

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The security token service, which issues keys of a role to identities that may assume it. */
export interface TokenService {
  assumeRole(keys: Keys, role: AssumedRole): Promise<Keys>;
  assumeRoleWithToken(role: AssumedRole, token: string): Promise<Keys>;
}

export interface AssumedRole {
  readonly arn: string;
  readonly sessionName: string;
  readonly externalId?: string;
  readonly seconds?: number;
}

/** Profiles that lead to one another. */
const MAX_PROFILES = 8;
const MAX_TOKEN_BYTES = 64 * 1024;
/** Settings of a profile that start a program, ask a person, or use the metadata service of the machine. */
const ELSEWHERE = ['credential_process', 'credential_source', 'sso_session', 'sso_start_url', 'login_session'];

/**
 * Where the keys come from, first to last: `AWS_ACCESS_KEY_ID`; the profile of `AWS_PROFILE`; `AWS_WEB_IDENTITY_TOKEN_FILE`;
 * the default profile. A profile holds keys, or a role to take on with a token or with the keys of another profile. Keys of
 * single sign-on, of other programs and of the metadata services of EC2 and ECS are not fetched: the AWS command line exports
 * them. `undefined` when there are none: then requests go unsigned.
 * @throws AssayError `usage`, `unauthorized`, `unreadable`
 */
export function s3Credentials(settings: S3Settings, service: TokenService): S3Credentials | undefined {
  const { env, profileName, profileNamed } = settings;
  if (settings.unsigned) return undefined;
  const fromEnv = environmentKeys(env);
  if (fromEnv !== undefined) return async () => fromEnv;
  if (profileNamed) return () => profileKeys(settings, service, profileName, []);
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: arn } = env;
  if (tokenFile && arn) {
    const role = { arn, sessionName: env.AWS_ROLE_SESSION_NAME || 'assay' };
    return async () => service.assumeRoleWithToken(role, readToken(tokenFile));
  }
  const holdsKeys = Object.keys(settings.profileOf(profileName) ?? {}).some(
    (name) => name === 'aws_access_key_id' || name === 'role_arn' || ELSEWHERE.includes(name),
  );
  return holdsKeys ? () => profileKeys(settings, service, profileName, []) : undefined;
}

function environmentKeys(env: NodeJS.ProcessEnv): Keys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (!id && !secret) return undefined;
  if (!id || !secret) {
    const missing = id ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
    throw new AssayError('usage', `${missing} is not set, but the other of the two is`, {
      subject: missing,
      hint: 'set both, or neither',
    });
  }
  return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
}

/** `through` holds the profiles that led here. */
async function profileKeys(
  settings: S3Settings,
  service: TokenService,
  name: string,
  through: readonly string[],
): Promise<Keys> {
  const profile = settings.profileOf(name);
  if (profile === undefined) throw badProfile(name, 'is not in any file of the AWS command line', 'check AWS_PROFILE');
  const own = staticKeys(profile);
  if (own !== undefined && (profile.role_arn === undefined || through.includes(name))) return own;
  const role = roleOf(profile);
  if (role !== undefined && profile.web_identity_token_file !== undefined)
    return service.assumeRoleWithToken(role, readToken(profile.web_identity_token_file));
  const source = profile.source_profile;
  if (role !== undefined && source !== undefined) {
    if (profile.mfa_serial !== undefined) throw badProfile(name, 'requires a code of a second factor', exported(name));
    const loops = through.includes(source) || (source === name && own === undefined);
    if (loops || through.length >= MAX_PROFILES)
      throw badProfile(name, 'refers to itself', 'correct its source_profile');
    return service.assumeRole(await profileKeys(settings, service, source, [...through, name]), role);
  }
  const elsewhere = ELSEWHERE.find((one) => profile[one] !== undefined);
  if (elsewhere !== undefined)
    throw badProfile(name, `gets its keys by ${elsewhere}, which is not supported`, exported(name));
  throw badProfile(name, 'does not contain keys', 'run aws configure, or name another one in AWS_PROFILE');
}

function staticKeys(profile: S3Profile): Keys | undefined {
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: token } = profile;
  if (id === undefined || secret === undefined) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) };
}

function roleOf(profile: S3Profile): AssumedRole | undefined {
  const { role_arn: arn, role_session_name: sessionName = 'assay', external_id: externalId } = profile;
  if (arn === undefined) return undefined;
  const seconds = Number(profile.duration_seconds ?? 'none');
  return {
    arn,
    sessionName,
    ...(externalId === undefined ? {} : { externalId }),
    ...(Number.isSafeInteger(seconds) ? { seconds } : {}),
  };
}

function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const hint = 'check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile';
    throw new AssayError('unreadable', 'the file of the identity token cannot be read', { subject: path, hint, cause });
  }
  if (token === '' || token.length > MAX_TOKEN_BYTES) {
    const hint = 'check AWS_WEB_IDENTITY_TOKEN_FILE';
    throw new AssayError('usage', 'the file does not contain an identity token', { subject: path, hint });
  }
  return token;
}

function badProfile(name: string, what: string, hint: string): AssayError {
  return new AssayError('unauthorized', `the profile ${JSON.stringify(name)} ${what}`, {
    subject: 'AWS_PROFILE',
    hint,
  });
}

function exported(name: string): string {
  const profile = /^[\w.@-]+$/.test(name) ? ` --profile ${name}` : '';
  return `run first: eval "$(aws configure export-credentials${profile} --format env)"`;
}
