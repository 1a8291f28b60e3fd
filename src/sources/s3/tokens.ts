import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import type { HttpHandler } from '@smithy/core/protocols';
import { AssayError } from '../../core/index.ts';
import type { AssumedRole, Keys, TokenService } from './credentials.ts';
import { s3Error } from './error.ts';
import { quietly } from './quiet.ts';
import type { S3Settings } from './settings.ts';

/** The security token service of AWS, or of the configured endpoint. Its errors say which role was asked for. */
export function tokenService(settings: S3Settings, requestHandler: HttpHandler): TokenService {
  const { stsEndpoint: endpoint, region } = settings;
  const clientOf = (credentials: Keys) =>
    quietly(
      () =>
        new STSClient({
          region,
          credentials,
          requestHandler,
          ...(endpoint === undefined ? {} : { endpoint }),
          ignoreConfiguredEndpointUrls: true,
          defaultsMode: 'standard',
          maxAttempts: 1,
          retryMode: 'standard',
          useFipsEndpoint: settings.useFips,
          useDualstackEndpoint: settings.useDualstack,
          userAgentAppId: '',
          authSchemePreference: [],
          sigv4aSigningRegionSet: [],
          defaultUserAgentProvider: async () => [['assay']],
        }),
    );
  const told = async (
    role: AssumedRole,
    signed: boolean,
    ask: () => Promise<{ Credentials?: Credentials | undefined }>,
  ) => {
    try {
      return keysOf((await ask()).Credentials, role);
    } catch (error) {
      throw s3Error(error, { subject: role.arn, bucket: '', endpoint, signed });
    }
  };
  return {
    assumeRole: (keys, role) =>
      told(role, true, () =>
        clientOf(keys).send(new AssumeRoleCommand({ ...common(role), ExternalId: role.externalId })),
      ),
    assumeRoleWithToken: (role, token) =>
      told(role, true, () =>
        clientOf({ accessKeyId: '', secretAccessKey: '' }).send(
          new AssumeRoleWithWebIdentityCommand({ ...common(role), WebIdentityToken: token }),
        ),
      ),
  };
}

function common({ arn, sessionName, seconds }: AssumedRole) {
  return { RoleArn: arn, RoleSessionName: sessionName, DurationSeconds: seconds };
}

function keysOf(given: Credentials | undefined, role: AssumedRole): Keys {
  const { AccessKeyId: id, SecretAccessKey: secret, SessionToken: token, Expiration: expiration } = given ?? {};
  if (!id || !secret || !token) {
    const hint = 'check AWS_ENDPOINT_URL_STS';
    throw new AssayError('network', 'the security token service does not return keys', { subject: role.arn, hint });
  }
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: token,
    ...(expiration === undefined ? {} : { expiration }),
  };
}
