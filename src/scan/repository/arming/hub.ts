import type { ArmedCode, ArmingFact, CodeFact } from '../../scanner/index.ts';
import { type ConfigDocument, entriesOf, textsAt } from './document.ts';
import { isPipelineLibrary } from './libraries.ts';

const NO_VALUE: ReadonlySet<string> = new Set(['', '~', 'null', 'none', 'None', 'Null', 'NULL']);
const NOT_TRUSTED: ReadonlySet<string> = new Set(['false', 'null', '0', '', 'False']);
/**
 * Libraries whose models adapters are made for; of remote code, the module that loading the base model made. PEFT imports whatever stands
 * here (`auto_mapping.parent_library`, peft 0.12.0, `auto.py` 99).
 */
const ADAPTER_LIBRARIES =
  /^(?:transformers|transformers_modules|peft|diffusers|timm|open_clip|sentence_transformers|torch|torchvision|__main__)(?:\.|$)/;
/** Modules that Sentence Transformers, and libraries on top of it, bring. */
const SENTENCE_MODULES = /^(?:sentence_transformers|pylate)\./;

/** `owner/model--module.Class`, `module.Class`. @param folder of the file that says so, ending in `/`; empty for the root */
export function codeNamed(text: string, folder: string, ifPresent = false): ArmedCode {
  const cut = text.indexOf('--');
  const name = cut < 0 ? text : text.slice(cut + 2);
  const dot = name.lastIndexOf('.');
  const module = (dot < 0 ? name : name.slice(0, dot)).replaceAll('.', '/');
  if (cut >= 0) return { kind: 'foreign', repository: text.slice(0, cut), module };
  return { kind: 'module', path: folder + module, name: dot < 0 ? null : name.slice(dot + 1), ifPresent };
}

/** What a JSON document makes the loaders of the Hub's libraries import. @param name of the file */
export function hubArmings(document: ConfigDocument, name: string, folder: string): CodeFact[] {
  const facts: CodeFact[] = [];
  const arm = (by: string, code: ArmedCode, call: string, text: string) =>
    facts.push({ kind: 'arming', by, code, call, text } satisfies ArmingFact);
  for (const [key, value, around] of entriesOf(document)) {
    if (key === 'auto_map') {
      for (const [loader, text] of autoMap(value))
        if (!NO_VALUE.has(text))
          arm('auto_map', codeNamed(text, folder), `${loader}.from_pretrained("{}", trust_remote_code=True)`, text);
    } else if (key === 'impl' && around.includes('custom_pipelines') && value.kind === 'text') {
      const task = around.at(-1) ?? 'task';
      arm(
        'custom_pipelines',
        codeNamed(value.text, folder),
        `pipeline("${task}", model="{}", trust_remote_code=True)`,
        value.text,
      );
    } else if (key === 'custom_pipeline' && value.kind === 'text' && !NO_VALUE.has(value.text)) {
      const call = `DiffusionPipeline.from_pretrained("{}", custom_pipeline="${value.text.slice(0, 80)}")`;
      const module = value.text.replace(/\.py$/, '');
      arm(
        'custom_pipeline',
        module.includes('/')
          ? { kind: 'foreign', repository: module, module: 'pipeline' }
          : codeNamed(`${module}.`, folder),
        call,
        value.text,
      );
    } else if (key === 'parent_library' && around.includes('auto_mapping') && value.kind === 'text') {
      if (!ADAPTER_LIBRARIES.test(value.text) && !NO_VALUE.has(value.text))
        arm(
          'parent_library',
          { kind: 'package', module: value.text },
          'AutoPeftModel.from_pretrained("{}")',
          value.text,
        );
    } else if (key === 'trust_remote_code' && value.kind === 'text' && !NOT_TRUSTED.has(value.text))
      facts.push({ kind: 'trust' });
  }
  if (name === 'model_index.json') pipelineParts(document, folder, arm);
  if (name === 'modules.json') sentenceModules(document, folder, arm);
  return facts;
}

type Arm = (by: string, code: ArmedCode, call: string, text: string) => void;

/** `{"AutoModel": "module.Class", "AutoTokenizer": ["module.Slow", "module.Fast"]}`; of old tokenizers, a list alone. */
function autoMap(value: ConfigDocument): (readonly [loader: string, text: string])[] {
  if (value.kind === 'text') return [['AutoModel', value.text]];
  if (value.kind === 'list')
    return value.items.flatMap((one) => (one.kind === 'text' ? [['AutoTokenizer', one.text] as const] : autoMap(one)));
  return value.entries.flatMap(([loader, one]) => autoMap(one).map(([, text]) => [loader.slice(0, 80), text] as const));
}

/** `"unet": ["library", "Class"]`; the pipeline's own class is given so when its code is in the repository. */
function pipelineParts(document: ConfigDocument, folder: string, arm: Arm): void {
  if (document.kind !== 'mapping') return;
  for (const [part, value] of document.entries) {
    if (value.kind !== 'list') continue;
    const [library, name] = value.items.map((one) => (one.kind === 'text' ? one.text : ''));
    if (library === undefined || name === undefined || NO_VALUE.has(library)) continue;
    const text = `${library}.${name}`;
    const call = 'DiffusionPipeline.from_pretrained("{}", trust_remote_code=True)';
    if (part === '_class_name') arm('_class_name', codeNamed(text, folder), call, text);
    else if (!isPipelineLibrary(library)) {
      arm(part, codeNamed(text, `${folder}${part}/`, true), call, text);
      arm(part, { kind: 'package', module: library }, 'DiffusionPipeline.from_pretrained("{}")', text);
    }
  }
}

function sentenceModules(document: ConfigDocument, folder: string, arm: Arm): void {
  const items = document.kind === 'list' ? document.items : [];
  for (const text of items.flatMap((item) => textsAt(item, 'type'))) {
    if (SENTENCE_MODULES.test(text)) continue;
    const call = 'SentenceTransformer("{}", trust_remote_code=True)';
    arm('type', codeNamed(text, folder, true), call, text);
    if (!text.includes('--'))
      arm(
        'type',
        { kind: 'package', module: text.slice(0, Math.max(0, text.lastIndexOf('.'))) },
        'SentenceTransformer("{}")',
        text,
      );
  }
}
