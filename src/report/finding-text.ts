import type { Finding } from '../core/assessment/index.ts';

/**
 * A finding as one sentence that stands alone: where, what and the evidence.
 *
 *     m.pt!archive/data.pkl, byte 14: calls os.system("true")
 */
export function findingText({ file, member, offset, line, message, evidence }: Finding): string {
  // A message about the file as a whole may name it itself.
  const told = member === undefined && line === undefined && offset === undefined && message.startsWith(`${file} `);
  if (told) return withEvidence(message, evidence);
  const where = member === undefined ? file : `${file}!${member}`;
  const at = line !== undefined ? `, line ${line}` : offset !== undefined ? `, byte ${offset}` : '';
  return `${where}${at}: ${withEvidence(message, evidence)}`;
}

/** The message with the evidence in place of the name that it begins with: `calls os.system("true")`. */
export function withEvidence(message: string, evidence: string | undefined): string {
  if (evidence === undefined || evidence === '' || message.includes(evidence)) return message;
  const [, before = '', last = '', dot = ''] = /^(.*\s)(\S+?)(\.?)$/s.exec(message) ?? [];
  if (last !== '' && evidence.startsWith(last)) return `${before}${evidence}${dot}`;
  return `${message.replace(/\.$/, '')} (${evidence})`;
}
