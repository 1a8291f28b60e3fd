import { kerasObject } from '../../../formats/keras/index.ts';
import { type GraphTensor, type Network, reshape } from '../../network/index.ts';
import { finishLayer, KerasValue, type Layer, type LayerKind, nested } from '../model/index.ts';
import { inputOf } from './dense.ts';

/** Applies a layer to each step by itself: the steps are a part of the batch while it does. */
const TIME_DISTRIBUTED: LayerKind = {
  mask: 'refused',
  variables: (layer) => nested(innerOf(layer).variables, 'layer.', 'layer'),
  convert(net, layer, [given], call) {
    const inner = innerOf(layer);
    layer.lend(inner, 'layer.');
    const x = inputOf(layer, given).plain(net);
    const [batch, steps, ...others] = x.shape;
    if (x.shape.length < 3) throw layer.broken(`has an input of ${x.shape.length} dimensions`);
    const joined = joinSteps(net, x);
    const results = [inner.kind.convert(net, inner, [KerasValue.of(joined)], call)].flat();
    finishLayer(inner);
    const [only, ...more] = results;
    if (only === undefined || more.length > 0) throw layer.refuse('has a layer with several results');
    const result = only.plain(net);
    const shape = [batch, steps, ...result.shape.slice(1)];
    const sizes = [net.size(x, 0), net.size(x, 1), ...result.shape.slice(1).map((_, i) => net.size(result, i + 1))];
    const wanted = net.ops.concat(
      sizes.map(({ value }) => value),
      0,
    );
    if (others.length === 0) throw layer.broken('has steps without features');
    return KerasValue.of(net.op('Reshape', [result, wanted], { type: result.type, shape }));
  },
};

/** [batch, steps, ...] as [batch * steps, ...]. */
function joinSteps(net: Network, x: GraphTensor): GraphTensor {
  const others = x.shape.slice(2);
  if (others.every((size) => typeof size === 'number')) return reshape(net, x, [undefined, ...others]);
  const sizes = [net.ints([-1]), ...others.map((_, i) => net.size(x, i + 2))];
  const wanted = net.ops.concat(
    sizes.map(({ value }) => value),
    0,
  );
  return net.op('Reshape', [x, wanted], { type: x.type, shape: [undefined, ...others] });
}

function innerOf(layer: Layer): Layer {
  const { config, context } = layer;
  return layer.within(kerasObject(config.value('layer'), `${config.title} layer`, context.subject));
}

export const WRAPPERS: Readonly<Record<string, LayerKind>> = { TimeDistributed: TIME_DISTRIBUTED };
