import { Option } from 'commander';
import { RULESET_CHOICES } from '../../pipeline/index.ts';

/** For every verb that judges. */
export function rulesetOption(): Option {
  return new Option(
    '--ruleset <which>',
    'the rules of "assay rules update", where there are some, or those of this program',
  )
    .choices(RULESET_CHOICES)
    .default('installed');
}
