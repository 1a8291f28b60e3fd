import { type FoundReference, hubTarget, type ReferenceRole, type Target } from '../reference.ts';
import { schemeTarget } from '../schemes.ts';

/** Fields that name a model wherever they stand, without case, `-`, `_` and `.`. */
const MODEL_FIELDS: ReadonlySet<string> = new Set([
  ...[
    'model',
    'modelid',
    'modelname',
    'modelnameorpath',
    'modelpath',
    'modeluri',
    'modelurl',
    'modelrepo',
    'modelrepoid',
  ],
  ...['pretrainedmodel', 'pretrainedmodelnameorpath', 'pretrainedmodelname', 'pretrained', 'basemodel', 'basemodelid'],
  ...[
    'basemodelnameorpath',
    'basemodelname',
    'repoid',
    'hfrepo',
    'hfrepoid',
    'hfmodel',
    'hfmodelid',
    'huggingfacemodel',
  ],
  ...['huggingfacemodelid', 'huggingfacerepo', 'checkpoint', 'checkpointurl', 'weightsurl', 'storageuri', 'storageurl'],
  ...['tokenizer', 'tokenizername', 'tokenizernameorpath', 'adapter', 'adaptermodel', 'adapternameorpath', 'loramodel'],
  ...['draftmodel', 'speculativemodel', 'embeddingmodel', 'embeddingmodelname', 'embeddingmodelid', 'rerankermodel'],
  ...['rerankmodel', 'encodermodel', 'teachermodel', 'rewardmodel', 'referencemodel', 'modeltag', 'backbone', 'source'],
]);
/** Fields that hold nothing but where a model is: what cannot be read there is unresolved. */
const SURE_FIELDS: ReadonlySet<string> = new Set([
  'storageuri',
  'modelnameorpath',
  'pretrainedmodelnameorpath',
  'modeluri',
  'hfmodelid',
]);
const DATASET_FIELDS: ReadonlySet<string> = new Set([
  'dataset',
  'datasetname',
  'datasetid',
  'datasetpath',
  'datasetrepo',
]);
const REVISION_FIELDS: readonly string[] = ['revision', 'modelrevision', 'hfrevision', 'coderevision'];

const HUB_NAME = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;
/** Files and folders of a project, which look like `owner/name`. */
const FILE_NAME = /\.(?:py|ya?ml|json|md|txt|sh|cfg|toml|csv|ts|js|html|ini|lock|conf|png|jpe?g|svg|pdf|tf|go|rs)$/i;

export function fieldName(key: string): string {
  return key.toLowerCase().replace(/[-_.\s]/g, '');
}

export interface Field {
  readonly key: string;
  readonly text: string;
  readonly line: number;
  /** Of the same object: `revision`, and what else may stand beside. */
  sibling(name: string): string | undefined;
}

/** What a field of a document names; `undefined` when it names nothing. */
export function fieldReference(field: Field): FoundReference | undefined {
  const key = fieldName(field.key);
  const value = field.text.trim();
  const role: ReferenceRole = DATASET_FIELDS.has(key) ? 'dataset' : 'model';
  const target = targetOf(key, value, field, role);
  if (target === undefined) return undefined;
  const trustRemoteCode = ['trust_remote_code', 'trustRemoteCode', 'trust-remote-code'].some((name) =>
    /^true$/i.test(field.sibling(name) ?? ''),
  );
  return { line: field.line, role, target, via: field.key.slice(0, 80), trustRemoteCode, pin: 'revision: "{}"' };
}

function targetOf(key: string, value: string, field: Field, role: ReferenceRole): Target | undefined {
  const named = MODEL_FIELDS.has(key) || role === 'dataset';
  const scheme = schemeTarget(value, revisionOf(field));
  if (scheme !== undefined) return /^oci:/.test(value) && !named ? undefined : scheme;
  if (!named) return undefined;
  if (HUB_NAME.test(value) && !FILE_NAME.test(value)) return hubTarget(value, revisionOf(field), role);
  if (SURE_FIELDS.has(key) && /\$[({A-Za-z_]|\{\{|^<.*>$/.test(value)) {
    return { kind: 'unresolved', why: 'its value has a variable that is set elsewhere' };
  }
  return undefined;
}

function revisionOf(field: Field): string | null {
  const own = field.sibling(`${field.key}_revision`) ?? field.sibling(`${field.key}Revision`);
  const revision = own ?? REVISION_FIELDS.map((name) => field.sibling(name)).find((value) => value !== undefined);
  return revision === undefined || revision === '' || /[{$]/.test(revision) ? null : revision;
}
