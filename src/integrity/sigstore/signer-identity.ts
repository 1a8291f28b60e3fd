import { SignatureError } from '../envelope/index.ts';
import { type IdentityPattern, identityMatches } from '../trust/index.ts';
import { type Certificate, decodeUtf8Name, OID, readDer, TAG } from '../x509/index.ts';

/** The identity of the signer, as Fulcio certified it. */
export interface SignerIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/**
 * The one subject alternative name, and the OIDC issuer (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md), of a
 * certificate of Fulcio.
 * @throws SignatureError `certificate` when it has none, or several that differ
 */
export function identityOf({ names, extensions }: Certificate): SignerIdentity {
  const [name, ...others] = names;
  if (name === undefined || others.length > 0 || name.kind === 'other') {
    throw new SignatureError(
      'certificate',
      `the certificate of the signer has ${names.length} names, but must have one name of a known kind`,
    );
  }
  const issuers = new Set(issuersOf(extensions));
  const [issuer] = issuers;
  if (issuer === undefined || issuers.size > 1) {
    throw new SignatureError('certificate', 'the certificate of the signer does not name one issuer of its identity');
  }
  return { identity: name.text, issuer };
}

function issuersOf(extensions: ReadonlyMap<string, Buffer>): readonly string[] {
  const v1 = extensions.get(OID.fulcioIssuerV1);
  const v2 = extensions.get(OID.fulcioIssuerV2);
  try {
    return [...(v1 === undefined ? [] : [decodeUtf8Name(v1)]), ...(v2 === undefined ? [] : [utf8String(v2)])];
  } catch (cause) {
    const message = 'the issuer of the identity, in the certificate of the signer, cannot be read';
    throw new SignatureError('certificate', message, { cause });
  }
}

function utf8String(value: Buffer): string {
  const { tag, value: bytes } = readDer(value);
  if (tag !== TAG.utf8String) throw new Error('is not a UTF8String');
  return decodeUtf8Name(bytes);
}

/** @throws SignatureError `identity` */
export function checkSignerIdentity(signer: SignerIdentity, pattern: IdentityPattern): void {
  const { identity, issuer } = signer;
  if (!identityMatches(pattern.issuer, issuer)) {
    throw new SignatureError(
      'identity',
      `${quoted(issuer)} issued the identity of the signer, not ${quoted(pattern.issuer)}`,
    );
  }
  if (!identityMatches(pattern.identity, identity)) {
    throw new SignatureError('identity', `the signer is ${quoted(identity)}, not ${quoted(pattern.identity)}`);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text);
}
