import {
  batchNormalization,
  type GraphTensor,
  groupNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, madeDatum } from '../datum.ts';
import { AtenTensor, type AtenTuple, UNSET } from '../values.ts';

function affine(call: AtenCall) {
  return { scale: call.optionalReal('weight'), offset: call.optionalReal('bias') };
}

/** Numbers of 32 bits compute with an epsilon of 64. */
function batchNorm(call: AtenCall): AtenDatum {
  const [mean, variance] = [call.optionalReal('running_mean'), call.optionalReal('running_var')];
  if (mean === undefined || variance === undefined)
    throw call.refuse('it normalises by the statistics of each batch', 'save the model after model.eval()');
  return madeDatum(
    batchNormalization(call.net, call.real('input'), { ...affine(call), mean, variance, epsilon: call.number('eps') }),
  );
}

const trained: AtenLowering = (call) => {
  if (call.flag('training'))
    throw call.refuse('it normalises by the statistics of each batch', 'save the model after model.eval()');
  return batchNorm(call);
};

/** What is saved for the training is not converted. */
function withoutSaved(result: AtenDatum): AtenTuple {
  return { kind: 'tuple', items: [new AtenTensor(result), UNSET, UNSET] };
}

const instanceNorm: AtenLowering = (call) => {
  const x = call.real('input');
  if (!call.flag('use_input_stats')) return batchNorm(call);
  if (!call.isNone('running_mean')) throw call.refuse('it changes its statistics, as in training');
  const channels = x.shape[1];
  if (typeof channels !== 'number' || x.shape.length < 3) throw call.broken('takes images of a known depth');
  return madeDatum(groupNormalization(call.net, x, channels, affine(call), call.number('eps')));
};

function layerNorm(call: AtenCall): AtenDatum {
  const shape = call.ints('normalized_shape');
  return madeDatum(layerNormalization(call.net, call.real('input'), shape, affine(call), call.number('eps')));
}

const rmsNorm: AtenLowering = (call) => {
  const shape = call.ints('normalized_shape');
  if (shape.length !== 1) throw call.refuse(`it normalises ${shape.length} dimensions`);
  // Its default is the smallest difference of two numbers.
  const epsilon = call.optionalNumber('eps') ?? 2 ** -23;
  return madeDatum(rmsNormalization(call.net, call.real('input'), call.optionalReal('weight'), epsilon));
};

function groupNorm(call: AtenCall, groups: number): AtenDatum {
  const x: GraphTensor = call.real('input');
  return madeDatum(groupNormalization(call.net, x, groups, affine(call), call.number('eps')));
}

const BATCH = 'Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var';

export const ATEN_NORMALIZATIONS: AtenFamily = {
  [`batch_norm(${BATCH}, bool training, float momentum, float eps, bool cudnn_enabled)`]: trained,
  [`native_batch_norm(${BATCH}, bool training, float momentum, float eps)`]: (call) => {
    if (call.flag('training')) throw call.refuse('it normalises by the statistics of each batch');
    return withoutSaved(batchNorm(call));
  },
  '_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, float momentum, float eps)':
    (call) => withoutSaved(batchNorm(call)),
  [`instance_norm(${BATCH}, bool use_input_stats, float momentum, float eps, bool cudnn_enabled)`]: instanceNorm,
  'layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True)':
    layerNorm,
  'native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps)': (call) =>
    withoutSaved(layerNorm(call)),
  'rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None)': rmsNorm,
  'group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True)':
    (call) => groupNorm(call, call.int('num_groups')),
  'native_group_norm(Tensor input, Tensor? weight, Tensor? bias, any N, any C, any HxW, int group, float eps)': (
    call,
  ) => withoutSaved(groupNorm(call, call.int('group'))),
};
