import { loaderRules } from '../advisories/index.ts';
import { exfiltrationRules } from '../exfiltration/index.ts';
import { extensionRules } from '../extension.ts';
import { hubVerdictRules } from '../hub-verdicts.ts';
import { nameRules } from '../names/index.ts';
import { POLYGLOT } from '../polyglot.ts';
import type { Rule } from '../scanner/index.ts';
import { SCANNERS } from '../scanners.ts';
import { secretRules } from '../secrets/index.ts';
import { rebuildRules } from './rebuild-rules.ts';
import { advisoryRules } from './ruleset-apply.ts';
import { signatureRules } from './signature-rules.ts';
import { waiverRules } from './waiver-rules.ts';

/** Every rule there is, by id, sorted: those of all scanners, and those that the pipeline itself reports. */
export const RULES: ReadonlyMap<string, Rule> = new Map(
  [
    ...SCANNERS.flatMap((scanner) => scanner.rules),
    ...extensionRules,
    ...signatureRules,
    ...rebuildRules,
    ...waiverRules,
    ...advisoryRules,
    ...secretRules,
    ...exfiltrationRules,
    ...loaderRules,
    ...hubVerdictRules,
    ...nameRules,
    POLYGLOT,
  ]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((rule) => [rule.id, rule]),
);
