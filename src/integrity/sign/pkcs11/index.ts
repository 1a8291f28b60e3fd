export { parsePkcs11Key } from './key-uri.ts';
export { openTokenKey } from './token-key.ts';
