import type { Finding } from '../../../src/core/assessment/index.ts';
import { CHANGE_RULES, type ChangeRule } from '../../../src/scan/rules/index.ts';
import { changeFinding } from '../change/index.ts';
import type { PlacedReference } from './introduced.ts';

/** A finding on the line that references. */
export function referenceFinding(
  rule: ChangeRule,
  { file, line }: Pick<PlacedReference, 'file' | 'line'>,
  message: string,
  subject: string,
): Finding {
  return changeFinding(rule, file, message, subject, line);
}

/** What a line says by itself, before anything is scanned. */
export function lineFindings(place: PlacedReference): readonly Finding[] {
  const { target, role } = place;
  if (target.kind === 'local') return [];
  if (target.kind === 'named' && isCodeOfGitHub(target.reference)) return [codeFinding(place, target)];
  const code = place.trustRemoteCode ? [remoteCode(place)] : [];
  if (target.kind === 'unresolved') return [...code, unresolved(place, target.why)];
  if (role === 'dataset') return [...code, dataset(place, target.reference)];
  return target.readable ? code : [...code, unsupported(place, target.reference)];
}

function unresolved(place: PlacedReference, why: string): Finding {
  const { via } = place;
  const message = `${via}: ${why}. The loaded model was not scanned.`;
  return referenceFinding(CHANGE_RULES.unresolved, place, message, `${via} ${why}`);
}

function isCodeOfGitHub(reference: string): boolean {
  return reference.startsWith('github:');
}

/** `torch.hub.load` runs `hubconf.py` of a repository. */
function codeFinding(
  place: PlacedReference,
  {
    reference,
    revision,
    pinned,
  }: { readonly reference: string; readonly revision: string | null; readonly pinned: boolean },
): Finding {
  const name = reference.replace(/^github:/, '');
  if (pinned) {
    const message = `${place.via} runs hubconf.py of ${name} at commit ${revision}: code that no scanner judged.`;
    return referenceFinding(CHANGE_RULES.remoteCode, place, message, `${place.via} ${reference}`);
  }
  const at = revision === null ? 'its default branch' : `the branch or tag ${revision}`;
  const message = `${place.via} runs hubconf.py of ${name} at ${at}, which can change. Review the code, and write "${name}:<commit>" with skip_validation=True.`;
  return referenceFinding(CHANGE_RULES.unpinnedCode, place, message, `${place.via} ${reference}`);
}

function remoteCode(place: PlacedReference): Finding {
  const name = place.target.kind === 'named' ? place.target.reference : 'a computed name';
  const message = `${place.via} runs code that comes with ${name}.`;
  return referenceFinding(CHANGE_RULES.remoteCode, place, message, `${place.via} ${name}`);
}

function dataset(place: PlacedReference, reference: string): Finding {
  return referenceFinding(CHANGE_RULES.dataset, place, `${reference} was not scanned: it is a dataset.`, reference);
}

const READ = 'the Hub by its commit, s3://, https://, oci:// or models:/';

/** By the scheme of a store: what can be done instead. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:gs|gcs|abfss?|wasbs?):/i,
    `copy it to ${READ}, or download it in an earlier step, and scan the files: assay scan FOLDER`,
  ],
  [/^ollama:/i, 'load a GGUF file of the Hub by its commit (hf://owner/name@commit), which is scanned'],
  [
    /^(?:wandb-artifact|dvc|bento|kaggle|ngc|modelscope):/i,
    `download it in an earlier step, and scan the files: assay scan FOLDER; or keep it in ${READ}`,
  ],
];

/** A store that Assay cannot open. */
function unsupported(place: PlacedReference, reference: string): Finding {
  const [, instead = `keep it in ${READ}`] = INSTEAD.find(([scheme]) => scheme.test(reference)) ?? [];
  const message = `${reference} was not scanned: Assay does not read this store. Instead, ${instead}.`;
  return referenceFinding(CHANGE_RULES.unsupported, place, message, reference);
}
