import { type Collector, NO_FLAGS } from './collector.ts';
import { readCommandLine } from './container.ts';
import { emitRead } from './emit.ts';
import { isFields, own, ownList, ownText } from './own.ts';
import { readReference } from './reference.ts';
import type { LoaderFlags, WorkloadRole } from './result.ts';
import { isPlainCommand, roughWords } from './shell-words.ts';
import { isTrue, ReferenceFinder } from './told.ts';
import { expandVariables, type ShellWord, type Variables } from './variables.ts';
import { parseYamlText } from './yaml-text.ts';

const NO_VARIABLES: Variables = new Map();

/** `spec.serveConfigV2` of a RayService: YAML with applications, and the models of Ray Serve LLM among their arguments. */
export function readRayServe(text: string, where: string, via: string, collector: Collector): void {
  const yaml = parseYamlText(text);
  if (yaml.kind === 'unread') {
    collector.unresolved(where, yaml.why);
    return;
  }
  const applications = ownList(yaml.value, 'applications');
  if (!collector.visit(where, applications.length)) return;
  for (const application of applications) {
    const variables = readEnvironment(own(application, 'runtime_env'), where, via, collector);
    const models = ownList(own(application, 'args'), 'llm_configs');
    const runs = ownText(application, 'import_path');
    if (runs !== undefined && !RAY_SERVE_LLM.test(runs))
      collector.unresolved(where, 'runs an application of its own, which may load any model');
    if (!collector.visit(where, models.length)) return;
    for (const model of models) readLlmConfig(model, where, via, variables, collector);
  }
}

/** The application of Ray Serve LLM: it loads the models of its arguments. */
const RAY_SERVE_LLM = /^ray\.serve\.llm:build_(?:openai_app|llm_deployment|pd_openai_app|dp_openai_app)$/;

function readLlmConfig(config: unknown, where: string, via: string, outer: Variables, collector: Collector): void {
  if (typeof config === 'string') {
    collector.unresolved(where, 'a model is configured in a file that is not here');
    return;
  }
  const inner = readEnvironment(own(config, 'runtime_env'), where, via, collector);
  const variables = new Map([...outer, ...inner]);
  const engine = own(config, 'engine_kwargs');
  const loading = own(config, 'model_loading_config');
  const source = own(loading, 'model_source');
  const model = ownText(source, 'bucket_uri') ?? (source === undefined ? ownText(loading, 'model_id') : source);
  const trust = own(engine, 'trust_remote_code');
  const flags: LoaderFlags = {
    trustRemoteCode: trust !== undefined && isTrue(String(trust)),
    codeRevision: ownText(engine, 'code_revision') ?? null,
    loadFormat: ownText(engine, 'load_format') ?? null,
    offline: false,
  };
  const emit = (role: WorkloadRole, value: unknown, revision?: string) => {
    if (value === undefined || value === null) return;
    if (typeof value !== 'string') return collector.unresolved(where, 'a model is named by something that is not text');
    const target = { role, where, container: null, via, flags };
    emitRead(readReference(value, 'hub', revision), target, variables, collector);
  };
  emit('model', model, ownText(engine, 'revision'));
  emit('model', own(engine, 'model'), ownText(engine, 'revision'));
  emit('tokenizer', own(engine, 'tokenizer'), ownText(engine, 'tokenizer_revision'));
  emit('draft', own(own(engine, 'speculative_config'), 'model'));
  emit('lora', own(own(config, 'lora_config'), 'dynamic_lora_loading_path'));
}

/** A runtime environment: code that is fetched, and variables. */
function readEnvironment(
  environment: unknown,
  where: string,
  via: string,
  collector: Collector,
): Map<string, ShellWord> {
  const code = [own(environment, 'working_dir'), ...ownList(environment, 'py_modules')];
  for (const from of code) {
    if (typeof from !== 'string' || !from.includes('://')) continue;
    const target = { role: 'code', where, container: null, via, flags: NO_FLAGS } as const;
    emitRead(readReference(from, 'path'), target, NO_VARIABLES, collector);
  }
  const variables = new Map<string, ShellWord>();
  const set = own(environment, 'env_vars');
  if (!isFields(set) || !collector.visit(where, Object.keys(set).length)) return variables;
  for (const [name, value] of Object.entries(set)) variables.set(name, { text: String(value), where });
  return variables;
}

/** `spec.runtimeEnvYAML` of a RayJob. */
export function readRayEnvironment(text: string, where: string, via: string, collector: Collector): void {
  const yaml = parseYamlText(text);
  if (yaml.kind === 'unread') {
    collector.unresolved(where, yaml.why);
    return;
  }
  readEnvironment(yaml.value, where, via, collector);
}

/**
 * `spec.entrypoint` of a RayJob, which a shell runs: its words where it is one plain command, else they only show what is likely.
 * @param environment of the same job, as text
 */
export function readEntrypoint(
  text: string,
  where: string,
  environment: string | undefined,
  collector: Collector,
): { readonly told: ReferenceFinder; readonly variables: Variables } {
  const told = new ReferenceFinder(collector);
  const yaml = environment === undefined ? undefined : parseYamlText(environment);
  const variables =
    yaml?.kind === 'value' ? readEnvironment(yaml.value, where, 'rayjob-environment', collector) : NO_VARIABLES;
  if (!isPlainCommand(text)) collector.unresolved(where, 'runs a shell script, which may load any model');
  readCommandLine(
    roughWords(text, where).map((word) => expandVariables(word, variables)),
    told,
    collector,
  );
  return { told, variables };
}
