import { spawnSync } from 'node:child_process';
import { DENSE, kerasH5, kerasZip, object, sequential } from '../scan/keras/forms.ts';
import { RELATIVES } from '../scan/keras/relatives.ts';
import { Random } from '../support/pickle-programs.ts';
import { scanDeep } from '../support/scan-deep.ts';
import { framed, type Interpreter, jailed } from './jail.ts';

export interface KerasModel {
  readonly title: string;
  readonly name: 'm.keras' | 'm.h5';
  readonly bytes: Uint8Array;
}

/** What loading a model did, with `safe_mode` on and off. */
export interface KerasLoads {
  readonly safe: KerasLoad;
  readonly unsafe: KerasLoad;
}

interface KerasLoad {
  readonly end: string;
  readonly events: readonly (readonly [kind: string, detail: string])[];
}

/** Both kinds of files with a configuration. */
export function modelsOf(title: string, config: string): readonly KerasModel[] {
  return [
    { title: `${title}, .keras`, name: 'm.keras', bytes: kerasZip(config) },
    {
      title: `${title}, .h5`,
      name: 'm.h5',
      bytes: kerasH5({ model_config: config, keras_version: '3.15.1', backend: 'tensorflow' }),
    },
  ];
}

/** Every relative as it is. */
export function relativeModels(): readonly KerasModel[] {
  return RELATIVES.flatMap(([title, config]) => modelsOf(title, config));
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const SLOTS = [
  'activation',
  'kernel_initializer',
  'kernel_regularizer',
  'bias_constraint',
  'dtype',
  'units',
  'name',
] as const;

/** A configuration that is put together of parts of the relatives and of harmless layers. */
export function composed(seed: number): string {
  const random = new Random(seed);
  const parts = RELATIVES.flatMap(([, config]) => partsOf(parsed(config)));
  let layer: Json = parsed(JSON.stringify(DENSE));
  for (let steps = 1 + random.below(3); steps > 0; steps--)
    layer = changed(random, layer, parts[random.below(parts.length)] ?? null);
  return sequential(...(random.below(2) === 0 ? [layer] : [DENSE, layer]));
}

function changed(random: Random, layer: Json, part: Json): Json {
  const held = layer as { [key: string]: Json };
  const config = { ...((held.config ?? {}) as { [key: string]: Json }) };
  switch (random.below(7)) {
    case 0:
      return { ...held, config: { ...config, [random.pick(SLOTS)]: part } };
    case 1:
      return parsed(JSON.stringify(object('TimeDistributed', { layer: part })));
    case 2:
      return parsed(JSON.stringify(object('Bidirectional', { layer: part, backward_layer: layer })));
    case 3:
      return { ...held, build_config: { input_shape: [null, 2], x: part } };
    case 4:
      return parsed(sequential(part, layer));
    case 5:
      return { ...(part as { [key: string]: Json }), config };
    default:
      return part;
  }
}

/** Every object of a configuration. */
function partsOf(value: Json): Json[] {
  if (Array.isArray(value)) return value.flatMap(partsOf);
  if (typeof value !== 'object' || value === null) return [];
  return ['class_name' in value ? [value as Json] : [], Object.values(value).flatMap(partsOf)].flat();
}

function parsed(text: string): Json {
  return JSON.parse(text) as Json;
}

/** Loads models in a jail, with one start of Keras. @throws Error when it does not answer for each of them */
export function loadWithKeras(interpreter: Interpreter, models: readonly KerasModel[]): readonly KerasLoads[] {
  const { program, args } = jailed(interpreter, 'keras_worker.py');
  const input = Buffer.concat(models.flatMap(({ name, bytes }) => [framed(Buffer.from(name)), framed(bytes)]));
  const run = spawnSync(program, args, { input, maxBuffer: 2 ** 30 });
  const [, ...lines] = run.stdout.toString('utf8').trimEnd().split('\n');
  if (run.status !== 0 || lines.length !== models.length)
    throw new Error(
      `Keras answered for ${lines.length} of ${models.length} models (${run.status}): ${run.stderr.toString().slice(-2000)}`,
    );
  return lines.map((line) => JSON.parse(line) as KerasLoads);
}

/** Holds what Keras did with each model against its verdict. @returns how many models did more than compute */
export async function holdAgainstKeras(models: readonly KerasModel[], loads: readonly KerasLoads[]): Promise<number> {
  let acted = 0;
  for (const [index, { title, name, bytes }] of models.entries()) {
    const events = [...(loads[index]?.safe.events ?? []), ...(loads[index]?.unsafe.events ?? [])];
    const { verdict } = await scanDeep(bytes, name);
    if (events.length > 0 && verdict === 'clean')
      throw new Error(`${title} is clean, and did: ${JSON.stringify(events)}`);
    acted += events.length > 0 ? 1 : 0;
  }
  return acted;
}
