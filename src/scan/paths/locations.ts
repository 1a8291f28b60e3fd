/** What a file name in a model leads to. */
export type Location =
  | { readonly kind: 'inside'; readonly path: string }
  | { readonly kind: 'outside' | 'odd'; readonly why: string };

/** Windows opens a device for these names, whatever their suffix. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)/i;
/** ONNX Runtime's marks for tensors in its own memory, whose offset is an address. */
const IN_MEMORY = /_MEM_ADDR_/i;
const MAX_LENGTH = 4_096;

/**
 * Where the name that a model gives for a tensor's file leads, read as each loader and system may read it: with `/` and `\` as
 * separators, and names with blanks and dots behind them as the same without.
 */
export function resolveLocation(location: string): Location {
  const outside = (why: string): Location => ({ kind: 'outside', why });
  const odd = (why: string): Location => ({ kind: 'odd', why });
  if (location.includes('\0')) return outside('has a byte 0, at which C programs cut it off');
  if (IN_MEMORY.test(location)) return outside("is the runtime's mark for a place in its own memory");
  const text = location.trim();
  if (text === '') return odd(location === '' ? 'is empty' : 'is blank');
  if (/^[\\/]{2}/.test(text)) return outside('is a share of another machine, or a device');
  if (/^[\\/]/.test(text)) return outside('is an absolute path');
  if (/^[a-z]:/i.test(text)) return outside('is on a drive of Windows');
  if (/^[a-z][a-z0-9+-]*:/i.test(text)) return outside('is an address');
  const parts = text.split(/[\\/]/).map((part) => part.replace(/(?<=[^.\s])[ .]+$/, '').trim());
  let depth = 0;
  let climbs = false;
  for (const part of parts) {
    if (/^\.\.[ .]*$/.test(part)) {
      climbs = true;
      if (--depth < 0) return outside('climbs out of the folder of the model');
    } else if (part !== '' && part !== '.') depth++;
  }
  if (climbs) return odd('climbs, and comes back');
  if (location.length > MAX_LENGTH || location.includes('… (+')) return odd('is longer than a path can be');
  if (location !== text) return odd('has blanks around it');
  if (/^~(?:[\\/]|$)/.test(text)) return odd('is in the home of a user, for a program that expands it');
  if (text.split(/[\\/]/).some((part) => /[^.][ .]+$|^\.{3,}$/.test(part)))
    return odd('has a blank or a dot at the end of a part, which Windows leaves out');
  if (/[\p{Cc}\ufffd]/u.test(location)) return odd('has control characters, or is not UTF-8');
  if (location.includes('\\')) return odd('has a backslash, which is a separator on Windows only');
  if (location.includes(':')) return odd('has a colon, behind which Windows keeps other streams');
  if (parts.some((part) => DEVICE.test(part))) return odd('is the name of a device on Windows');
  if (/[$%]\w+%|\$[{\w]/.test(location)) return odd('has a variable in it');
  if (parts.at(-1) === '' || parts.at(-1) === '.') return odd('is the name of a folder');
  return { kind: 'inside', path: parts.filter((part) => part !== '.' && part !== '').join('/') };
}
