const MAX_LENGTH = 200;

/** Text that somebody else wrote, for a message: in quotes, escaped, not too long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text);
}
