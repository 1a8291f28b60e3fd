const MAX_LENGTH = 200;

/** Untrusted text for a message: in quotes, escaped, shortened. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text);
}
