import { AssayError } from '../../../core/index.ts';
import { KerasConfig } from '../../../formats/keras/index.ts';
import type { Network } from '../../network/index.ts';
import { finishLayer } from './common.ts';
import { type CallSettings, type LayerContext, NO_SETTINGS } from './layer.ts';
import type { LayerCall, TensorReference } from './references.ts';
import type { LayerPart, Model, ModelPart } from './tree.ts';
import type { KerasValue } from './value.ts';

/** A result of a model, with the name of the layer that gives it. */
export interface ModelTensor {
  readonly name: string;
  readonly value: KerasValue;
}

/** Builds the graph of a model, once for each call of it. */
export function convertModel(
  net: Network,
  model: Model,
  inputs: readonly KerasValue[],
  context: LayerContext,
): readonly ModelTensor[] {
  return model.isSequential
    ? sequence(net, model, inputs, context)
    : new Functional(net, model, inputs, context).outputs();
}

function sequence(
  net: Network,
  model: Model,
  inputs: readonly KerasValue[],
  context: LayerContext,
): readonly ModelTensor[] {
  let values = inputs;
  let name = model.name;
  if (inputs.length !== 1) throw broken(context, `${model.name} is a Sequential with ${inputs.length} inputs`);
  for (const part of model.parts) {
    if (part.kind === 'input') continue;
    if (values.length !== 1) throw broken(context, `${part.name} follows a layer with ${values.length} results`);
    values = applied(net, part, values, NO_SETTINGS, context);
    name = part.name;
  }
  return values.map((value) => ({ name, value }));
}

/** The results of one call of a part of a model. */
function applied(
  net: Network,
  part: Exclude<ModelPart, { readonly kind: 'input' }>,
  inputs: readonly KerasValue[],
  call: CallSettings,
  context: LayerContext,
): readonly KerasValue[] {
  if (part.kind === 'layer') return layerResults(net, part, inputs, call);
  if (call.named.size > 0) throw unsupported(context, `${part.name} is a model that is called with named inputs`);
  if (inputs.some(({ mask }) => mask !== undefined))
    throw unsupported(context, `${part.name} is a model that is given a mask`);
  checkCall(call);
  return convertModel(net, part, inputs, context).map(({ value }) => value);
}

function layerResults(
  net: Network,
  { layer }: LayerPart,
  inputs: readonly KerasValue[],
  call: CallSettings,
): readonly KerasValue[] {
  const { kind } = layer;
  const masked = inputs.find(({ mask }) => mask !== undefined);
  if (kind.mask === 'refused' && masked !== undefined)
    throw layer.refuse(
      'has an input with a mask, which changes its result',
      'train the layer before it without mask_zero',
    );
  const results = net.within(layer.config.title, () => [kind.convert(net, layer, inputs, call)].flat());
  checkCall(call);
  finishLayer(layer);
  return kind.mask === undefined
    ? results.map((one) => (one.mask === undefined ? one.withMask(masked?.mask) : one))
    : results;
}

/** A call may say that it is not one of training; what else it says has been read, or is refused. */
function checkCall({ config }: CallSettings): void {
  if (config.flag('training', false)) throw config.refuse('is called as in training');
  config.finish();
}

/** One call of a functional model. */
class Functional {
  readonly #net: Network;
  readonly #model: Model;
  readonly #context: LayerContext;
  readonly #parts: ReadonlyMap<string, ModelPart>;
  /** The results of calls, by the layer and the number of the call. */
  readonly #results = new Map<string, readonly KerasValue[]>();

  constructor(net: Network, model: Model, inputs: readonly KerasValue[], context: LayerContext) {
    this.#net = net;
    this.#model = model;
    this.#context = context;
    this.#parts = new Map(model.parts.map((part) => [part.name, part]));
    this.#takeInputs(inputs);
    this.#callAll();
  }

  outputs(): readonly ModelTensor[] {
    return this.#model.outputs.map((reference) => ({ name: reference.layer, value: this.#value(reference, true) }));
  }

  #takeInputs(inputs: readonly KerasValue[]): void {
    const { inputs: slots, name } = this.#model;
    if (slots.length !== inputs.length)
      throw broken(this.#context, `${name} has ${slots.length} inputs, but is given ${inputs.length}`);
    for (const [index, { layer }] of slots.entries()) {
      const value = inputs[index];
      if (this.#parts.get(layer)?.kind !== 'input' || value === undefined || this.#results.has(callKey(layer, 0)))
        throw broken(this.#context, `${name} has the input ${JSON.stringify(layer.slice(0, 80))}, which is not one`);
      this.#results.set(callKey(layer, 0), [value]);
    }
  }

  /** Each call is made once those that it takes its inputs from are. */
  #callAll(): void {
    const waiting = new Map<string, { readonly run: () => void; left: number }>();
    const after = new Map<string, string[]>();
    const ready: string[] = [];
    for (const part of this.#model.parts) {
      if (part.kind === 'input') continue;
      for (const [index, call] of (this.#model.calls.get(part.name) ?? []).entries()) {
        const key = callKey(part.name, index);
        const needs = new Set(referencesOf(call).map((reference) => this.#resultOf(reference, false)));
        const missing = [...needs].filter((need) => !this.#results.has(need));
        waiting.set(key, { run: () => this.#call(part, key, call), left: missing.length });
        for (const need of missing) after.set(need, [...(after.get(need) ?? []), key]);
        if (missing.length === 0) ready.push(key);
      }
    }
    for (const key of ready) {
      waiting.get(key)?.run();
      waiting.delete(key);
      for (const next of after.get(key) ?? []) {
        const one = waiting.get(next);
        if (one !== undefined && --one.left === 0) ready.push(next);
      }
    }
    const [stuck] = waiting.keys();
    if (stuck !== undefined)
      throw broken(
        this.#context,
        `${this.#model.name} has layers whose inputs lead to themselves, or come from nowhere: ${stuck.slice(0, 80)}`,
      );
  }

  #call(part: Exclude<ModelPart, { readonly kind: 'input' }>, key: string, call: LayerCall): void {
    const inputs = call.inputs.map((reference) => this.#value(reference, false));
    const named = new Map([...call.named].map(([name, all]) => [name, all.map((one) => this.#value(one, false))]));
    const config = new KerasConfig(
      call.settings,
      `the call of ${JSON.stringify(part.name.slice(0, 80))}`,
      this.#context.subject,
    );
    const given = withNamedMask(this.#net, inputs, named);
    for (const name of named.keys())
      if (!NAMED.has(name)) throw config.refuse(`takes the tensor ${JSON.stringify(name.slice(0, 40))}`);
    this.#results.set(key, applied(this.#net, part, given, { named, config }, this.#context));
  }

  #value(reference: TensorReference, isEnd: boolean): KerasValue {
    const value = this.#results.get(this.#resultOf(reference, isEnd))?.[reference.output];
    if (value !== undefined) return value;
    throw broken(
      this.#context,
      `${this.#model.name} takes the result ${reference.output} of ${JSON.stringify(reference.layer.slice(0, 80))}, which there is not`,
    );
  }

  /**
   * The call that a reference names. A model within has a call of its own from when it was made, which files count: Keras 2
   * everywhere, Keras 3 in the outputs of a model alone.
   */
  #resultOf({ layer, call }: TensorReference, isEnd: boolean): string {
    const part = this.#parts.get(layer);
    if (part === undefined)
      throw broken(
        this.#context,
        `${this.#model.name} takes an input from ${JSON.stringify(layer.slice(0, 80))}, which is not a layer of it`,
      );
    if (part.kind === 'input') {
      if (call !== 0) throw broken(this.#context, `${JSON.stringify(layer.slice(0, 80))} is an input that is called`);
      return callKey(layer, 0);
    }
    const count = (this.#model.calls.get(layer) ?? []).length;
    const first = this.#countsOwn(part, isEnd) ? 1 : 0;
    // Of a layer that is called once, there is nothing to tell apart.
    const index = count === 1 && call <= 1 ? 0 : call - first;
    if (index < 0 || index >= count)
      throw broken(
        this.#context,
        `${this.#model.name} takes the call ${call} of ${JSON.stringify(layer.slice(0, 80))}, which there is not`,
      );
    return callKey(layer, index);
  }

  #countsOwn(part: ModelPart, isEnd: boolean): boolean {
    if (part.kind !== 'model') return false;
    if (this.#model.style === 'arguments') return isEnd && !part.isSequential;
    return !part.isSequential || part.parts[0]?.kind === 'input';
  }
}

/** The inputs with the mask that a call names, which is then theirs. */
function withNamedMask(
  net: Network,
  inputs: readonly KerasValue[],
  named: Map<string, readonly KerasValue[]>,
): readonly KerasValue[] {
  const [mask, ...others] = named.get(MASK) ?? [];
  const [first, ...more] = inputs;
  if (mask === undefined || first === undefined || others.length > 0 || mask.type !== 'bool') return inputs;
  named.delete(MASK);
  return [first.withMask(mask.plain(net)), ...more];
}

const MASK = 'mask';
/** Arguments that take tensors; others change what a layer computes. */
const NAMED: ReadonlySet<string> = new Set(['query', 'key', 'value', 'initial_state', 'inputs']);

function referencesOf(call: LayerCall): readonly TensorReference[] {
  return [...call.inputs, ...[...call.named.values()].flat()];
}

function callKey(layer: string, call: number): string {
  return `${layer}#${call}`;
}

function broken({ subject }: LayerContext, what: string): AssayError {
  return new AssayError('malformed', what, { subject });
}

function unsupported({ subject }: LayerContext, what: string): AssayError {
  return new AssayError('unsupported', what, { subject });
}
