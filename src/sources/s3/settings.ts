import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseKnownFiles } from '@smithy/core/config';
import { AssayError, isFileMissing } from '../../core/index.ts';
import { isLoopback } from '../../core/reference/index.ts';

/** The lines of one profile of `~/.aws/config` and `~/.aws/credentials`. */
export type S3Profile = Readonly<Record<string, string | undefined>>;

/** How S3 is reached, as the AWS command line reads it from the environment and from its files. */
export interface S3Settings {
  /** `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or `endpoint_url`; `undefined` for Amazon's own. */
  readonly endpoint: string | undefined;
  /** Where roles are taken on: `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`. */
  readonly stsEndpoint: string | undefined;
  readonly region: string;
  readonly useFips: boolean;
  readonly useDualstack: boolean;
  /** `AWS_NO_SIGN_REQUEST`: ask as anybody, whatever credentials there are. */
  readonly unsigned: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** `AWS_PROFILE`, else `default`. */
  readonly profileName: string;
  /** The profile was asked for by name. */
  readonly profileNamed: boolean;
  profileOf(name: string): S3Profile | undefined;
}

const DEFAULT_REGION = 'us-east-1';

/** @throws AssayError `usage` for values that cannot be, `unreadable` for files of the AWS command line. */
export async function s3Settings(env: NodeJS.ProcessEnv): Promise<S3Settings> {
  const files = await sharedFiles(env);
  const profileOf = (name: string) => (Object.hasOwn(files, name) ? files[name] : undefined);
  const profileName = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE || 'default';
  const profile = profileOf(profileName) ?? {};
  const services = profile.services === undefined ? {} : (profileOf(`services.${profile.services}`) ?? {});
  const configured = isTrue(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls)
    ? () => undefined
    : (service: 's3' | 'sts') =>
        endpoint(`AWS_ENDPOINT_URL_${service.toUpperCase()}`, env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`]) ??
        endpoint('AWS_ENDPOINT_URL', env.AWS_ENDPOINT_URL) ??
        endpoint(`${service}.endpoint_url`, services[`${service}.endpoint_url`]) ??
        endpoint('endpoint_url', profile.endpoint_url);
  return {
    endpoint: configured('s3'),
    stsEndpoint: configured('sts'),
    region: region(env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.region || DEFAULT_REGION),
    useFips: isTrue(env.AWS_USE_FIPS_ENDPOINT ?? profile.use_fips_endpoint),
    useDualstack: isTrue(env.AWS_USE_DUALSTACK_ENDPOINT ?? profile.use_dualstack_endpoint),
    unsigned: isTrue(env.AWS_NO_SIGN_REQUEST),
    env,
    profileName,
    profileNamed: profileName !== 'default',
    profileOf,
  };
}

/** A region becomes part of a host's name, to which signed requests go. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}

async function sharedFiles(env: NodeJS.ProcessEnv): Promise<Record<string, S3Profile>> {
  const home = env.HOME || env.USERPROFILE || homedir();
  const configFilepath = file('AWS_CONFIG_FILE', env.AWS_CONFIG_FILE, join(home, '.aws', 'config'));
  const filepath = file(
    'AWS_SHARED_CREDENTIALS_FILE',
    env.AWS_SHARED_CREDENTIALS_FILE,
    join(home, '.aws', 'credentials'),
  );
  try {
    return await parseKnownFiles({ configFilepath, filepath, ignoreCache: true });
  } catch (cause) {
    const hint = 'check them with: aws configure list';
    throw new AssayError('usage', 'the files of the AWS command line are not valid', { hint, cause });
  }
}

/** The parser of these files treats an unreadable file as empty, so reading is tried here first. */
function file(variable: string, given: string | undefined, usual: string): string {
  const path = given || usual;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    if (!given && isFileMissing(cause)) return path;
    const hint = given ? `check ${variable}` : 'check its permissions';
    throw new AssayError('unreadable', 'the file with AWS settings cannot be read', { subject: path, hint, cause });
  }
  return path;
}

function endpoint(name: string, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!bare || !/^https?:$/.test(url.protocol)) {
    throw new AssayError('usage', `${name} is not an https:// address`, {
      subject: name,
      hint: `set ${name}=https://host, or unset it`,
    });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new AssayError('usage', `${name} is an http:// address, which does not protect the bytes from changes`, {
      subject: name,
      hint: 'use its https:// address',
    });
  }
  return url.href.replace(/\/+$/, '');
}

function region(text: string): string {
  if (isRegion(text)) return text;
  throw new AssayError('usage', 'the region is not the name of a region', {
    subject: 'AWS_REGION',
    hint: 'set AWS_REGION to the region of the bucket, such as eu-central-1',
  });
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|true|yes|on)$/i.test(value.trim());
}
