import { isRecord, kerasKey, kerasObject } from '../../../formats/keras/index.ts';
import { concat, type Network } from '../../network/index.ts';
import { type CallSettings, finishLayer, KerasValue, type Layer, type LayerKind, nested } from '../model/index.ts';
import { inputOf } from './dense.ts';
import { elementwise } from './merging.ts';
import { checkSteps, RECURRENT_CELLS, runSteps } from './recurrent.ts';

const MERGES: Readonly<Record<string, LayerKind>> = { sum: elementwise('Add'), mul: elementwise('Mul') };

/** The two layers of a bidirectional one: the second is the first that goes backwards, where the file does not have it. */
function directions(layer: Layer): readonly [Layer, Layer] {
  const { config, context } = layer;
  const forward = layer.within(kerasObject(config.value('layer'), `${config.title} layer`, context.subject));
  const given = config.value('backward_layer');
  if (isRecord(given)) {
    const backward = layer.within(kerasObject(given, `${config.title} backward_layer`, context.subject));
    return [forward, backward];
  }
  const own = kerasObject(config.value('layer'), config.title, context.subject);
  const turned = { ...own.config, go_backwards: kerasKey(own.config, 'go_backwards') !== true };
  return [forward, layer.within(own, turned)];
}

const BIDIRECTIONAL: LayerKind = {
  mask: 'refused',
  variables(layer) {
    const [forward, backward] = directions(layer);
    return [
      ...nested(forward.variables, 'forward.', 'forward_layer'),
      ...nested(backward.variables, 'backward.', 'backward_layer'),
    ];
  },
  convert(net, layer, [given, ...states], call) {
    if (states.length > 0 || call.named.size > 0) throw layer.refuse('is given states');
    const both = directions(layer);
    const [forward, backward] = both;
    layer.lend(forward, 'forward.');
    layer.lend(backward, 'backward.');
    // What Keras 2 and 3 repeat of the layer within.
    layer.config.ignore(
      'return_sequences',
      'return_state',
      'stateful',
      'go_backwards',
      'zero_output_for_mask',
      'input_spec',
      'units',
    );
    const x = inputOf(layer, given).real(net).plain(net);
    const results = both.map((one) => {
      const cell = Object.hasOwn(RECURRENT_CELLS, one.className) ? RECURRENT_CELLS[one.className] : undefined;
      if (cell === undefined) throw layer.refuse(`has a layer of the class ${one.className.slice(0, 80)}`);
      if (one.config.flag('go_backwards', false) !== (one === backward))
        throw layer.refuse('has two layers of one direction');
      checkSteps(one);
      if (one.config.flag('return_state', false)) throw layer.refuse('returns its states');
      return runSteps(net, one, cell, x, []);
    });
    const isWhole = forward.config.flag('return_sequences', false);
    if (isWhole !== backward.config.flag('return_sequences', false))
      throw layer.refuse('has layers that return different steps');
    for (const one of both) finishLayer(one);
    const parts = results.map(({ sequence, states: [last] }) =>
      KerasValue.of(isWhole || last === undefined ? sequence : last),
    );
    return merged(net, layer, parts, call);
  },
};

function merged(
  net: Network,
  layer: Layer,
  parts: readonly KerasValue[],
  call: CallSettings,
): KerasValue | readonly KerasValue[] {
  const { config } = layer;
  // It is null where both results are returned.
  if (config.keys().includes('merge_mode') && config.value('merge_mode') === undefined) return parts;
  const mode = config.oneOf('merge_mode', ['concat', 'sum', 'mul', 'ave'], 'concat');
  if (mode === 'concat') {
    const plain = parts.map((part) => part.plain(net));
    return KerasValue.of(concat(net, plain, (plain[0]?.shape.length ?? 1) - 1));
  }
  const kind = mode === 'ave' ? AVERAGE : MERGES[mode];
  if (kind === undefined) throw layer.refuse(`merges by ${mode}`);
  return kind.convert(net, layer, parts, call);
}

const AVERAGE = elementwise('Add', (net, x, count) => net.div(x, count));

export const BOTH_DIRECTIONS: Readonly<Record<string, LayerKind>> = { Bidirectional: BIDIRECTIONAL };
