import { REMOTE_CODE } from './allowlist.ts';
import { celList, celText, keyExpression } from './cel.ts';
import { postureVariables } from './postures.ts';
import { READ_CONTAINERS, type Variable } from './read-container.ts';
import { INITIALIZER_IMAGE } from './vocabulary.ts';

/** What a ValidatingAdmissionPolicy of the fallback says. */
export interface FallbackPolicy {
  readonly id: 'pods' | 'kserve' | 'postures';
  readonly resources: readonly unknown[];
  readonly variables: readonly Variable[];
  readonly validations: readonly unknown[];
}

/** An image with a digest in one spelling: beside it, a tag means nothing. */
const image = (of: string) =>
  `'oci://' + (size(${of}.split('@')) == 2 && ${of}.split('@')[0].lastIndexOf(':') > ${of}.lastIndexOf('/')
    ? ${of}.substring(0, ${of}.split('@')[0].lastIndexOf(':')) + '@' + ${of}.split('@')[1] : ${of})`;

/** KServe writes the revision after a colon. */
const kserve = (of: string) =>
  `(${of}.startsWith('hf://') && !${of}.contains('@') && size(${of}.split(':')) == 3
    ? 'hf:' + ${of}.split(':')[1] + '@' + ${of}.split(':')[2]
    : ${of}.startsWith('oci://') ? ${image(`${of}.substring(6)`)} : ${of})`;

const isListed = (of: string) => `${keyExpression(of)} in params.data`;
const runsItsCode = (of: string) => `params.data[${keyExpression(of)}] == ${celText(REMOTE_CODE)}`;
const mayBeRead = 'm.name in variables.imageVolumes';

const POD_SPEC: Variable = {
  name: 'podSpec',
  expression: `object.kind == 'Pod' ? object.spec
  : object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec`,
};

const CONTAINERS: Variable = {
  name: 'containers',
  expression: `variables.podSpec.containers + variables.podSpec.?initContainers.orValue([])
  + variables.podSpec.?ephemeralContainers.orValue([])`,
};

const VOLUMES: Variable = {
  name: 'volumes',
  expression: 'variables.podSpec.?volumes.orValue([])',
};

const IMAGE_VOLUMES: Variable = {
  name: 'imageVolumes',
  expression: 'variables.volumes.filter(v, has(v.image)).map(v, v.name)',
};

/** Volumes that the storage initializer of KServe alone may write to: what is in them is what it was told. */
const FILLED_VOLUMES: Variable = {
  name: 'filledVolumes',
  expression: `variables.volumes.filter(v, !has(v.persistentVolumeClaim) && !has(v.hostPath) && !has(v.csi) && !has(v.nfs)
    && variables.read.exists(c, c.initializer && c.mounts.exists(m, m.name == v.name))
    && variables.read.all(c, c.initializer || c.mounts.all(m, m.name != v.name || m.?readOnly.orValue(false)))).map(v, v.name)`,
};

/** Models that are not of the containers' words: volumes, images that are a model, what the initializer is told. */
const OTHER_REFERENCES: Variable = {
  name: 'others',
  expression: `variables.volumes.filter(v, has(v.image)).map(v, ${image("v.image.?reference.orValue('')")})
  + variables.containers.filter(c, c.name.startsWith('modelcar') || c.?image.orValue('').contains('modelcar')).map(c, ${image(
    "c.?image.orValue('')",
  )})
  + variables.initialized.map(u, ${kserve('u')})`,
};

const INITIALIZED: Variable = {
  name: 'initialized',
  expression: `variables.containers.filter(c, c.?image.orValue('').lowerAscii().contains(${celText(INITIALIZER_IMAGE)}))
  .map(c, (c.?args.orValue([]) + c.?env.orValue([]).filter(e, e.name == 'STORAGE_URI').map(e, e.?value.orValue('?'))).join('\\n'))
  .join('\\n').split('\\n').filter(a, a != '' && !a.startsWith('/'))`,
};

/** A folder that cannot be another one than it says, in volumes whose content is decided. */
const under = "(p + '/').startsWith(m.mountPath.endsWith('/') ? m.mountPath : m.mountPath + '/')";
const CLEAN = '^(?:/[^/]+)+/?$';
const CLIMBS = '/\\.{1,2}(?:/|$)';
const pathHolds = `p.matches(${celText(CLEAN)}) && !p.matches(${celText(CLIMBS)})
    && c.mounts.all(m, m.mountPath.matches(${celText(CLEAN)}) && !m.mountPath.matches(${celText(CLIMBS)}))
    && c.mounts.exists(m, ${under})
    && c.mounts.all(m, !(${under}) || ${mayBeRead} || m.name in variables.filledVolumes)`;

const UNLISTED: Variable = {
  name: 'unlisted',
  expression: `(variables.read.map(c, c.references.filter(r, !(${isListed('r')}) || (c.remote && !(${runsItsCode('r')}))).join(', '))
  + variables.others.filter(r, !(${isListed('r')}))).filter(r, r != '').join(', ')`,
};

const UNREAD: Variable = {
  name: 'unread',
  expression: `variables.read.filter(c, c.unread != '').map(c, 'container ' + c.name + ': ' + c.unread).join('; ')`,
};

const LOOSE: Variable = {
  name: 'loose',
  expression: `variables.read.filter(c, !c.paths.all(p, ${pathHolds})).map(c, c.name).join(', ')`,
};

const PODS: FallbackPolicy = {
  id: 'pods',
  resources: [
    rule('', ['pods', 'replicationcontrollers'], ['CREATE', 'UPDATE']),
    rule('', ['pods/ephemeralcontainers'], ['UPDATE']),
    rule('apps', ['deployments', 'statefulsets', 'daemonsets', 'replicasets'], ['CREATE', 'UPDATE']),
    rule('batch', ['jobs', 'cronjobs'], ['CREATE', 'UPDATE']),
  ],
  variables: [
    POD_SPEC,
    CONTAINERS,
    VOLUMES,
    IMAGE_VOLUMES,
    ...READ_CONTAINERS,
    FILLED_VOLUMES,
    INITIALIZED,
    OTHER_REFERENCES,
    UNLISTED,
    UNREAD,
    LOOSE,
  ],
  validations: [
    refusal('unlisted', 'not in the allowlist of models: '),
    refusal('unread', 'the model that it loads is unknown: '),
    refusal('loose', 'models are loaded from a folder that others may write to, by container '),
  ],
};

/** The image is approved by its digest, to run or as a model. */
const approved = (of: string) =>
  `${of}.matches('@sha256:[0-9a-f]{64}$') && (('sha256_c' + ${of}.split('@sha256:')[1]) in params.data || ${isListed(`(${image(of)})`)})`;

/** For production alone: elsewhere the webhook, too, admits what names no model. */
const POSTURES: FallbackPolicy = {
  id: 'postures',
  resources: PODS.resources,
  variables: [POD_SPEC, CONTAINERS, VOLUMES, ...postureVariables(approved)],
  validations: [
    refusal('unapproved', 'the image is not approved by its digest, of container '),
    refusal('unrecognised', 'the program or one of its arguments is in no table, of container '),
    refusal('open', 'it has variables, hooks or privileges that are in no table, container '),
    refusal('mounted', 'a volume may lie over its code, or others may write to it, of container '),
    refusal('shared', 'its containers reach into each other, or servers have other addresses: '),
  ],
};

const RUNTIMES = 'model sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle'.split(' ');

const KSERVE: FallbackPolicy = {
  id: 'kserve',
  resources: [rule('serving.kserve.io', ['inferenceservices', 'llminferenceservices'], ['CREATE', 'UPDATE'])],
  variables: [
    {
      name: 'addresses',
      expression: `object.kind == 'LLMInferenceService'
  ? [object.spec.?model.?uri.orValue('')] + object.spec.?model.?lora.?adapters.orValue([]).map(a, a.?uri.orValue(''))
  : ${celList(RUNTIMES)}.map(r, object.spec.?predictor[?r].?storageUri.orValue(''))
    + ['predictor', 'transformer'].map(p, object.spec[?p].?storageUris.orValue([]).map(u, u.?uri.orValue('')).join('\\n')).join('\\n').split('\\n')
    + [object.spec.?explainer.?art.?storageUri.orValue('')]`,
    },
    {
      name: 'unlisted',
      expression: `variables.addresses.filter(u, u != '').map(u, ${kserve('u')}).filter(r, !(${isListed('r')})).join(', ')`,
    },
    {
      name: 'unread',
      expression: `object.kind == 'LLMInferenceService'
  ? (size(object.spec.?baseRefs.orValue([])) > 0 ? 'baseRefs' : '')
  : ${celList(RUNTIMES)}.filter(r, object.spec.?predictor[?r].?storage.hasValue()).map(r, 'spec.predictor.' + r + '.storage').join(', ')`,
    },
  ],
  validations: [
    refusal('unlisted', 'not in the allowlist of models: '),
    refusal('unread', 'the model that it loads is unknown: '),
  ],
};

/** @param stage the stage whose approvals count; any when absent */
export function fallbackPolicies(stage: string | undefined): readonly FallbackPolicy[] {
  return stage === 'production' ? [PODS, KSERVE, POSTURES] : [PODS, KSERVE];
}

function rule(group: string, resources: readonly string[], operations: readonly string[]): unknown {
  return { apiGroups: [group], apiVersions: ['*'], operations, resources, scope: 'Namespaced' };
}

function refusal(variable: string, message: string): unknown {
  return {
    expression: `variables.${variable} == ''`,
    messageExpression: `${celText(message)} + variables.${variable}`,
    reason: 'Forbidden',
  };
}
