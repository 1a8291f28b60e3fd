import type { GlobalName } from '../../formats/pickle/index.ts';
import type { Standing } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';
import { walksAttributes } from './judge-names.ts';
import { ATTRIBUTE_PATH, DANGEROUS_GLOBAL, SHADOWED_GLOBAL, UNLISTED_GLOBAL } from './rules.ts';

/** What to say of an import for its name alone; `undefined` for a listed one. */
export function importFinding(
  global: GlobalName,
  standing: Standing,
): { readonly rule: Rule; readonly message: string } | undefined {
  const full = `${global.module}.${global.name}`;
  switch (standing.kind) {
    case 'listed':
      return undefined;
    case 'shadowed':
      return { rule: SHADOWED_GLOBAL, message: `imports ${full}, which a file of the artifact can provide` };
    case 'dangerous':
      return { rule: DANGEROUS_GLOBAL, message: `reaches ${full}: ${standing.danger}` };
    case 'unlisted':
      return walksAttributes(global)
        ? { rule: ATTRIBUTE_PATH, message: `reaches ${full} through attributes` }
        : { rule: UNLISTED_GLOBAL, message: `imports ${full}, which is on no list` };
  }
}
