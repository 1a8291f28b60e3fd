import { createHash, type KeyObject } from 'node:crypto';
import type { Handle, PKCS11 } from 'pkcs11js';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { keyText, kindOf, verifyBytes } from '../../envelope/index.ts';
import type { SigningKey } from '../signing-key.ts';
import { derSignature, ecPublicKey } from './ec-encoding.ts';
import type { Pkcs11KeyName } from './key-uri.ts';

export interface TokenKeyRequest {
  /** Path of the library that speaks to the token. It is code, and runs in this process. */
  readonly module: string;
  readonly key: Pkcs11KeyName;
  readonly pin?: string;
}

/** A private key of a token. */
export interface TokenKey extends SigningKey {
  close(): void;
}

/** Of PKCS #11 2.40 (http://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40). */
const CKA = { class: 0x0, label: 0x3, id: 0x102, ecParams: 0x180, ecPoint: 0x181, alwaysAuthenticate: 0x202 } as const;
const CKO = { publicKey: 2, privateKey: 3 } as const;
const CKU = { user: 1, contextSpecific: 2 } as const;
const CKM_ECDSA = 0x1041;
const CKF_SERIAL_SESSION = 4;
/** Error codes of a token, and their messages. */
const ANSWERS: ReadonlyMap<number, string> = new Map([
  [0xa0, 'the PIN is wrong'],
  [0xa2, 'the PIN has a length that the token does not accept'],
  [0xa4, 'the PIN is locked: it was wrong too often'],
  [0x101, 'the token requires a PIN'],
]);
const HASH: Readonly<Record<string, string>> = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512' };
const PIN = 'give --pkcs11-pin-file, or set ASSAY_PKCS11_PIN';
const MAX_MATCHES = 16;

/**
 * Opens a key of elliptic curves in a PKCS #11 token. The PIN is given to one token only, and once: tokens lock themselves.
 * @throws AssayError `usage`, `not-found`, `unreadable`
 */
export async function openTokenKey(request: TokenKeyRequest): Promise<TokenKey> {
  const library = await loadLibrary(request.module);
  try {
    const session = openSession(library, request);
    const privateKey = findPrivateKey(library, session, request);
    const publicKey = findPublicKey(library, session, privateKey, request.module);
    return {
      publicKey,
      sign: (data) =>
        explained(request.module, () => signWith(library, session, privateKey, publicKey, data, request.pin)),
      close: () => closeLibrary(library),
    };
  } catch (error) {
    closeLibrary(library);
    throw error;
  }
}

async function loadLibrary(subject: string): Promise<PKCS11> {
  let library: PKCS11;
  try {
    const { PKCS11 } = await import('pkcs11js');
    library = new PKCS11();
  } catch (cause) {
    const hint = 'npm install pkcs11js@2 where assay is installed';
    throw new AssayError('usage', 'the package pkcs11js, which accesses tokens, is not installed', {
      subject,
      hint,
      cause,
    });
  }
  try {
    library.load(subject);
    library.C_Initialize();
    return library;
  } catch (cause) {
    const message = 'is not a PKCS #11 module that can be loaded';
    throw new AssayError('usage', message, { subject, hint: 'give the library of your token', cause });
  }
}

function closeLibrary(library: PKCS11): void {
  library.C_Finalize();
  library.close();
}

function openSession(library: PKCS11, { module, key, pin }: TokenKeyRequest): Handle {
  const tokens = explained(module, () =>
    library.C_GetSlotList(true).map((slot) => {
      const { label, serialNumber } = library.C_GetTokenInfo(slot);
      return { slot, label: label.trimEnd(), serial: serialNumber.trimEnd() };
    }),
  );
  const meant = tokens.filter(
    ({ label, serial }) => (key.token ?? label) === label && (key.serial ?? serial) === serial && label !== '',
  );
  const [token] = meant;
  if (token === undefined || meant.length > 1) {
    const names = tokens.filter(({ label }) => label !== '').map(({ label }) => `"${label}"`);
    const message = token === undefined ? 'has no such token' : 'has several such tokens';
    const hint =
      names.length === 0 ? 'check that the token is connected' : `name one in a URI: ${names.slice(0, 5).join(', ')}`;
    throw new AssayError(token === undefined ? 'not-found' : 'usage', message, { subject: module, hint });
  }
  return explained(module, () => {
    const session = library.C_OpenSession(token.slot, CKF_SERIAL_SESSION);
    if (pin !== undefined) library.C_Login(session, CKU.user, pin);
    return session;
  });
}

function findPrivateKey(library: PKCS11, session: Handle, { module, key, pin }: TokenKeyRequest): Handle {
  const found = find(library, session, module, [
    { type: CKA.class, value: CKO.privateKey },
    ...(key.label === undefined ? [] : [{ type: CKA.label, value: key.label }]),
    ...(key.id === undefined ? [] : [{ type: CKA.id, value: key.id }]),
  ]);
  const [only, ...others] = found;
  if (only === undefined) {
    const hint = pin === undefined ? PIN : 'check the label or the id of the key';
    throw new AssayError('not-found', 'the token does not show such a private key', { subject: module, hint });
  }
  if (others.length === 0) return only;
  throw new AssayError('usage', 'the token has several such private keys', {
    subject: module,
    hint: 'name its id in a URI',
  });
}

function findPublicKey(library: PKCS11, session: Handle, privateKey: Handle, subject: string): KeyObject {
  const attributes = [CKA.id, CKA.label].map((type) => ({ type }));
  const [id, label] = explained(subject, () => library.C_GetAttributeValue(session, privateKey, attributes));
  const template = [
    { type: CKA.class, value: CKO.publicKey },
    ...[id, label].filter((one) => one !== undefined && one.value.length > 0),
  ];
  const [object] = find(
    library,
    session,
    subject,
    template.filter((one) => one !== undefined),
  );
  if (object === undefined) {
    const message = 'the token does not show the public key of the private key';
    throw new AssayError('not-found', message, { subject, hint: 'store it on the token, with the same label and id' });
  }
  let publicKey: KeyObject;
  try {
    const [params, point] = library.C_GetAttributeValue(session, object, [
      { type: CKA.ecParams },
      { type: CKA.ecPoint },
    ]);
    publicKey = ecPublicKey(params?.value ?? Buffer.alloc(0), point?.value ?? Buffer.alloc(0));
  } catch (cause) {
    const message = 'the key of the token is not an elliptic curve key';
    throw new AssayError('usage', message, { subject, hint: 'use P-256, P-384 or P-521', cause });
  }
  if (HASH[kindOf(publicKey)] !== undefined) return publicKey;
  const message = `${keyText(publicKey)} cannot sign models`;
  throw new AssayError('usage', message, { subject, hint: 'use P-256, P-384 or P-521' });
}

function find(
  library: PKCS11,
  session: Handle,
  subject: string,
  template: { type: number; value?: number | string | Buffer }[],
): Handle[] {
  return explained(subject, () => {
    library.C_FindObjectsInit(session, template);
    try {
      return library.C_FindObjects(session, MAX_MATCHES);
    } finally {
      library.C_FindObjectsFinal(session);
    }
  });
}

function signWith(
  library: PKCS11,
  session: Handle,
  key: Handle,
  publicKey: KeyObject,
  data: Uint8Array,
  pin: string | undefined,
): Buffer {
  const hash = createHash(HASH[kindOf(publicKey)] ?? 'sha256')
    .update(data)
    .digest();
  library.C_SignInit(session, { mechanism: CKM_ECDSA }, key);
  if (pin !== undefined && isAskedEachTime(library, session, key)) library.C_Login(session, CKU.contextSpecific, pin);
  const signature = derSignature(library.C_Sign(session, hash, Buffer.alloc(256)));
  if (verifyBytes(publicKey, data, signature)) return signature;
  throw new AssayError('unreadable', 'the token signed with a key that does not match its public key', {
    hint: 'check which public key belongs to the private key',
  });
}

/** Keys of some cards want the PIN for every signature. */
function isAskedEachTime(library: PKCS11, session: Handle, key: Handle): boolean {
  try {
    return library.C_GetAttributeValue(session, key, [{ type: CKA.alwaysAuthenticate }])[0]?.value[0] === 1;
  } catch {
    return false;
  }
}

/** The message for a refusal of a token. */
function explained<T>(subject: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (isAssayError(cause)) throw cause;
    const code = cause instanceof Error && 'code' in cause ? Number(cause.code) : Number.NaN;
    const known = ANSWERS.get(code);
    const said = cause instanceof Error ? cause.message : String(cause);
    const hint = known === undefined ? 'check the token' : PIN;
    throw new AssayError('unreadable', known ?? `the token refused the request: ${said}`, { subject, hint, cause });
  }
}
