import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { readSmallFile, readSmallText } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import type { Trust, ValidityPolicy } from '../../integrity/trust/index.ts';
import type { SignatureRequest } from '../signature/index.ts';
import type { TrustChoice } from './choice.ts';

/**
 * The signers that the choice and the environment trust; nobody by default.
 * @param forAttestations the trust file is there for these, too: it need not let anybody sign models
 * @throws AssayError `usage` for options that contradict each other, and what reading their files throws.
 */
export async function readTrusts(
  flags: TrustChoice,
  env: NodeJS.ProcessEnv,
  forAttestations = false,
): Promise<readonly Trust[]> {
  checkTogether(flags);
  const trusts: Trust[] = [];
  if (flags.publicKey !== undefined) trusts.push(await keyTrust(flags.publicKey));
  if (flags.certificateChain !== undefined) trusts.push(await certificateTrust(flags.certificateChain, flags));
  if (flags.identity !== undefined && flags.issuer !== undefined) {
    trusts.push(await keylessTrust(flags.identity, flags.issuer, flags.trustedRoot));
  }
  const file = flags.trust ?? env.ASSAY_TRUST;
  if (file !== undefined && file !== '' && (flags.trust !== undefined || trusts.length === 0)) {
    const { modelTrusts, readTrustFile } = await import('../../integrity/trust-file/index.ts');
    const named = modelTrusts(await readTrustFile(file));
    if (named.length === 0 && trusts.length === 0 && !forAttestations) {
      throw new AssayError('usage', 'lets nobody sign models', {
        subject: file,
        hint: 'give a signer the role: may: [model-signature]',
      });
    }
    trusts.push(...named);
  }
  return trusts;
}

/** The signature that a scan verifies: any that is there, but it counts only when a signer is trusted. */
export async function signatureRequest(
  flags: TrustChoice,
  env: NodeJS.ProcessEnv,
  forAttestations = false,
): Promise<SignatureRequest> {
  return { path: flags.signature, trusts: await readTrusts(flags, env, forAttestations) };
}

function checkTogether({ identity, issuer, certificateChain, trustedRoot }: TrustChoice): void {
  const hint = 'give both --identity and --issuer: anybody can get an identity from some issuer';
  if (issuer !== undefined && identity === undefined) {
    throw new AssayError('usage', 'names an issuer and no identity', { subject: '--issuer', hint });
  }
  if (identity !== undefined && issuer === undefined && certificateChain === undefined) {
    throw new AssayError('usage', 'names an identity and no issuer', { subject: '--identity', hint });
  }
  if (trustedRoot !== undefined && issuer === undefined) {
    throw new AssayError('usage', 'needs a keyless identity', { subject: '--trusted-root', hint });
  }
}

async function keyTrust(path: string): Promise<Trust> {
  const { readPublicKey } = await import('../../integrity/envelope/index.ts');
  return { kind: 'key', key: readPublicKey(await readSmallText(path, '--public-key'), path) };
}

async function certificateTrust(path: string, { identity, validity }: TrustChoice): Promise<Trust> {
  const { readAnchors } = await import('../../integrity/x509/index.ts');
  const anchors = readAnchors(await readSmallText(path, '--certificate-chain'), path);
  const policy: ValidityPolicy = validity === 'now' ? 'now' : 'issued';
  if (identity === undefined) return { kind: 'certificate', anchors, validity: policy };
  const { checkNamePattern } = await import('../../integrity/trust/index.ts');
  checkNamePattern(identity, '--identity');
  return { kind: 'certificate', anchors, validity: policy, identity };
}

async function keylessTrust(identity: string, issuer: string, rootPath: string | undefined): Promise<Trust> {
  const { checkIdentityPattern } = await import('../../integrity/trust/index.ts');
  checkIdentityPattern({ identity, issuer });
  return { kind: 'keyless', root: await trustedRoot(rootPath), identity: { identity, issuer } };
}

async function trustedRoot(path: string | undefined): Promise<TrustedRoot> {
  const { bundledRoot, readTrustedRoot } = await import('../../integrity/sigstore/index.ts');
  return path === undefined
    ? bundledRoot()
    : readTrustedRoot((await readSmallFile(path, '--trusted-root')).bytes, path);
}
