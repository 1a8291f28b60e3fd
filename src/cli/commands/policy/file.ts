import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type PolicyProblem, readPolicyFile, SHIPPED_FOLDER, SHIPPED_POLICIES } from '../../../policy/index.ts';
import { terminalText } from '../../../report/index.ts';

/** Files of cases, beside their policies. */
export const CASES_SUFFIX = /\.test\.ya?ml$/;

/** The bytes of a policy, and its name for messages: a shipped one by name, or a file. */
export async function policyBytes(nameOrPath: string): Promise<{ bytes: Uint8Array; file: string }> {
  if (!SHIPPED_POLICIES.some(({ name }) => name === nameOrPath)) {
    return { bytes: await readPolicyFile(nameOrPath), file: nameOrPath };
  }
  const file = fileURLToPath(new URL(`${nameOrPath}.yaml`, SHIPPED_FOLDER));
  return { bytes: await readFile(file), file };
}

/** `acme.yaml:3:5: error: ...; hint`: as compilers write it, so that editors find the place. */
export function problemLine(file: string, kind: string, { line, column, message, hint }: PolicyProblem): string {
  const rest = hint === undefined ? '' : `; ${terminalText(hint)}`;
  return `${terminalText(file)}:${line}:${column}: ${kind}: ${terminalText(message)}${rest}\n`;
}

/** In the order of the file. */
export function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}
