import { AssayError } from '../../../core/index.ts';

/** Selects a private key of a token. An absent attribute is not compared. */
export interface Pkcs11KeyName {
  readonly token?: string;
  readonly serial?: string;
  readonly label?: string;
  readonly id?: Buffer;
}

const SECRETS: ReadonlySet<string> = new Set(['pin-value', 'pin-source']);

/**
 * A PKCS #11 URI (RFC 7512) with `token`, `serial`, `object`, `id` and `type=private`; or the bare label of a key.
 * @throws AssayError `usage` for other attributes: ignoring them could select another key.
 */
export function parsePkcs11Key(text: string, subject: string): Pkcs11KeyName {
  const usage = (message: string, hint: string) => new AssayError('usage', message, { subject, hint });
  const form = 'write pkcs11:token=NAME;object=LABEL, or the label of the key';
  if (!text.startsWith('pkcs11:')) {
    if (text === '') throw usage('does not name a key', form);
    return { label: text };
  }
  const [path = '', query] = text.slice('pkcs11:'.length).split('?', 2);
  const asked = (query ?? '').split('&').map((part) => part.split('=', 1)[0] ?? '');
  if (asked.some((name) => SECRETS.has(name))) {
    throw usage('the URI contains a PIN, and other users of the machine can read arguments', 'give --pkcs11-pin-file');
  }
  if (query !== undefined) throw usage('the URI has a query', 'remove the ? and the text after it');
  const attributes = new Map<string, Buffer>();
  for (const part of path.split(';').filter((part) => part !== '')) {
    const [, name, value] = /^([a-z-]+)=(.*)$/.exec(part) ?? [];
    if (name === undefined || value === undefined || attributes.has(name))
      throw usage(`"${part}" is not an attribute`, form);
    attributes.set(name, bytesOf(value));
  }
  const { token, serial, object, id, type, ...others } = Object.fromEntries(attributes);
  const [other] = Object.keys(others);
  if (other !== undefined) throw usage(`the attribute "${other}" is not supported`, form);
  if (type !== undefined && type.toString() !== 'private')
    throw usage('does not name a private key', 'remove the attribute type');
  if (object === undefined && id === undefined) throw usage('does not name a key', form);
  return {
    ...(token === undefined ? {} : { token: token.toString() }),
    ...(serial === undefined ? {} : { serial: serial.toString() }),
    ...(object === undefined ? {} : { label: object.toString() }),
    ...(id === undefined ? {} : { id }),
  };
}

/** Percent-encoded bytes: an `id` need not be text. */
function bytesOf(text: string): Buffer {
  const parts = text.match(/%[0-9A-Fa-f]{2}|[^%]+|%/g) ?? [];
  return Buffer.concat(
    parts.map((part) =>
      part.length === 3 && part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part),
    ),
  );
}
