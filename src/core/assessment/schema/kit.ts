import { list, type TextOptions, text } from '../../schema/index.ts';

export function texts(description?: string, options: Omit<TextOptions, 'description'> = {}) {
  return list(text(undefined, options), description);
}

export const SHA256 = { pattern: '^[0-9a-f]{64}$' };
/** Of findings. */
export const FINGERPRINT = { pattern: '^[0-9a-f]{32}$' };
