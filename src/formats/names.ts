/** Why a member's name is dangerous to extract; `undefined` when it stays within the folder. */
export function escapes(name: string): string | undefined {
  if (/^[/\\]/.test(name)) return 'is an absolute path';
  if (/^[a-zA-Z]:/.test(name)) return 'begins with a drive letter';
  if (name.split(/[/\\]/).includes('..')) return 'leads out of the folder with ".."';
  return undefined;
}

/** Whether a link at `from` to `target` leads out of the folder that both are extracted to. */
export function linkEscapes(from: string, target: string): boolean {
  if (/^[/\\]/.test(target) || /^[a-zA-Z]:/.test(target)) return true;
  let depth = from.split(/[/\\]/).filter((part) => part !== '' && part !== '.').length - 1;
  for (const part of target.split(/[/\\]/)) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g;

/** Whether a name holds characters that make it look like another. */
export function isDeceptive(name: string): boolean {
  return name === '' || name.search(UNPRINTABLE) >= 0;
}

/** A hostile name in a form that is safe in a report: invisible characters are escaped. */
export function safeName(name: string): string {
  return name.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same, shortened for a sentence. */
export function printableName(name: string): string {
  const shown = safeName(name);
  return shown.length > 200 ? `${shown.slice(0, 200)}...` : shown;
}
