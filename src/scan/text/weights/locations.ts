import { quotedName } from '../../../core/index.ts';
import { COREML_RULES } from '../../coreml/index.ts';
import { resolveLocation } from '../../paths/index.ts';
import { type Rule, SUPPLY_CHAIN } from '../../scanner/index.ts';
import type { TextFinding } from '../loader-keys.ts';

const REFERENCES = { owasp: SUPPLY_CHAIN.owasp, atlas: SUPPLY_CHAIN.atlas, cwe: ['CWE-22', 'CWE-73'] } as const;
const REMEDY =
  'Do not load the model. Compare the index with that of the publisher: it names files beside it, by their plain names.';

const SHARD_OUTSIDE: Rule = {
  id: 'index.path-outside',
  title: 'An index of weights names a file outside of its folder',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The index of a model in several files (`weight_map` of `model.safetensors.index.json`) names a file by an absolute path, `..`, a drive, a share or an address. A loader joins the name to the folder of the model, and opens what it leads to: a file that was not scanned, which for `pytorch_model.bin.index.json` is a pickle that runs.',
  remedy: REMEDY,
  ...REFERENCES,
};

const SHARD_ODD: Rule = {
  id: 'index.path-odd',
  title: 'An index of weights names a file in an odd way',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The index of a model in several files (`weight_map`) names a file by a name that is empty, climbs with `..`, or has a backslash, a colon or control characters in it. Loaders and operating systems read such names in different ways.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const shardRules: readonly Rule[] = [SHARD_OUTSIDE, SHARD_ODD];

/** What is odd about the files that an index of weights names. */
export function shardFindings(files: ReadonlySet<string>): TextFinding[] {
  return [...files].flatMap((file) => {
    const location = resolveLocation(file);
    if (location.kind === 'inside') return [];
    const rule = location.kind === 'outside' ? SHARD_OUTSIDE : SHARD_ODD;
    const message = `The index names the file ${quotedName(file.slice(0, 200))}, which ${location.why}.`;
    return [{ rule, message, subject: file.slice(0, 200) }];
  });
}

/** What is odd about the items of a package of Core ML (`Manifest.json`), which are below its folder `Data`. */
export function itemFindings(items: ReadonlySet<string>): TextFinding[] {
  return [...items].flatMap((item) => {
    // An item may be a folder.
    const location = resolveLocation(item.replace(/(?<=.)\/$/, ''));
    if (location.kind === 'inside') return [];
    const rule = location.kind === 'outside' ? COREML_RULES.outside : COREML_RULES.data;
    const message = `The package has the item ${quotedName(item.slice(0, 200))}, which ${location.why}.`;
    return [{ rule, message, subject: item.slice(0, 200) }];
  });
}
