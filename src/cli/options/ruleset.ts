import { Option } from 'commander';
import { RULESET_CHOICES } from '../../pipeline/index.ts';

/** For every verb that judges. */
export function rulesetOption(): Option {
  return new Option('--ruleset <which>', 'the rules of "assay rules update", if installed, or the built-in rules')
    .choices(RULESET_CHOICES)
    .default('installed');
}
