import { AssayError } from '../../core/index.ts';
import { MAX_TEMPLATES } from './predicate-schemas.ts';

const HEAD = /^(?:#.*|baseline:| {2}(?:owner|reason|expires): .*| {2}templates:|\s*)$/;

/**
 * The templates of a file that `assay admit --audit --baseline` wrote, line by line: it may be larger than any other YAML is read.
 * @throws AssayError `malformed` for a line of anything else, and for a list without templates; `limit`
 */
export function readTemplates(bytes: Uint8Array, name: string): readonly string[] {
  const templates = new Set<string>();
  for (const [at, line] of Buffer.from(bytes).toString('latin1').split('\n').entries()) {
    const digest = /^ {4}- ([0-9a-f]{64})$/.exec(line)?.[1];
    if (digest !== undefined) templates.add(digest);
    else if (!HEAD.test(line)) {
      const hint = 'give the file that assay admit --audit --baseline wrote';
      throw new AssayError('malformed', `line ${at + 1} is not one of a baseline`, { subject: name, hint });
    }
  }
  if (templates.size === 0) throw new AssayError('malformed', 'has no templates', { subject: name });
  if (templates.size > MAX_TEMPLATES) {
    const hint = 'check fewer namespaces at a time with --in-namespace';
    throw new AssayError('limit', `has more than ${MAX_TEMPLATES} templates`, { subject: name, hint });
  }
  return [...templates].sort();
}
