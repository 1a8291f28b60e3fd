import { MODES, type NamespaceRule, type NamespaceRules } from '../rules.ts';
import type { AdmissionConfig, NamespaceSettings, RuleSettings } from './config.ts';
import { PRODUCTION, STRICT_ACTIONS } from './defaults.ts';

/** On the Namespace: what the webhook does there, and where its objects run. */
export const MODE_LABEL = 'assay.dev/admission';
export const STAGE_LABEL = 'assay.dev/stage';

/** Of a stage; the registry has its own list. */
export const STAGE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

type Labels = Readonly<Record<string, string>>;

/**
 * What holds in each namespace: what the configuration says of it, else its labels, else the defaults of the configuration, else
 * `enforce`. A label that is not understood enforces, and approves nothing for its stage.
 * @param labelsOf of the Namespace; `undefined` where they are not known (yet), or no cluster is watched
 */
export function namespaceRules(
  config: Pick<AdmissionConfig, 'defaults' | 'namespaces'>,
  labelsOf: (namespace: string) => Labels | undefined,
): NamespaceRules {
  return {
    ruleOf: (namespace) => {
      // What lives in no namespace has no labels.
      const labels = namespace === '' ? undefined : labelsOf(namespace);
      const own = config.namespaces.find((settings) => fits(settings, namespace, labels)) ?? {};
      return ruleOf(own, labels ?? {}, config.defaults);
    },
  };
}

function fits({ names, labels }: NamespaceSettings, namespace: string, known: Labels | undefined): boolean {
  if (namespace === '') return false;
  if (names !== undefined) return names.includes(namespace);
  if (labels === undefined || known === undefined) return false;
  return Object.entries(labels).every(([name, value]) => labelOf(known, name) === value);
}

function labelOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function ruleOf(own: RuleSettings, labels: Labels, defaults: RuleSettings): NamespaceRule {
  const stageLabel = labelOf(labels, STAGE_LABEL);
  const stage = own.stage !== undefined ? own.stage : (stageLabel ?? defaults.stage ?? null);
  const none = own.actions?.none ?? defaults.actions?.none ?? noneOf(stage);
  return {
    mode: own.mode ?? modeOf(labelOf(labels, MODE_LABEL)) ?? defaults.mode ?? 'enforce',
    stage,
    actions: { ...STRICT_ACTIONS, ...defaults.actions, ...own.actions, none },
  };
}

/** A misspelled mode must not be weaker than the right one. */
function modeOf(label: string | undefined): NamespaceRule['mode'] | undefined {
  return label === undefined ? undefined : (MODES.find((mode) => mode === label) ?? 'enforce');
}

/** So must a stage. */
function noneOf(stage: string | null): 'allow' | 'deny' {
  return stage === PRODUCTION || (stage !== null && !STAGE.test(stage)) ? 'deny' : 'allow';
}
