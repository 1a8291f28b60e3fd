import { activate, flatten } from '../../network/index.ts';
import type { ConverterTable, ModuleConverter } from '../converter.ts';
import { IDENTITY, SEQUENCE } from '../layers/index.ts';
import { runChildren, spaceMean } from './blocks.ts';

/** Images through some modules, then their features through the last ones. */
function classifier(before: readonly string[], behind: readonly string[], pools = false): ModuleConverter {
  return {
    forward: (module, x, context) => {
      const features = runChildren(module, x, context, before);
      const pooled = pools ? spaceMean(features, context) : features;
      return runChildren(module, flatten(context.net, pooled, 1), context, behind);
    },
    input: (module, inputOf) => {
      const [first] = before;
      return first === undefined ? undefined : inputOf(module.child(first));
    },
    // A class that makes layers, which only the constructor asks.
    callables: ['_norm_layer'],
  };
}

const DENSENET: ModuleConverter = {
  forward: (module, x, context) => {
    const features = activate(context.net, context.run(module.child('features'), x), { kind: 'relu' });
    return context.run(module.child('classifier'), flatten(context.net, spaceMean(features, context), 1));
  },
  input: (module, inputOf) => inputOf(module.child('features')),
};

/** Its last layers are made for images. */
const CONVNEXT: ModuleConverter = {
  forward: (module, x, context) => runChildren(module, x, context, ['features', 'avgpool', 'classifier']),
  input: (module, inputOf) => inputOf(module.child('features')),
};

const SQUEEZENET: ModuleConverter = {
  forward: (module, x, context) => flatten(context.net, runChildren(module, x, context, ['features', 'classifier']), 1),
  input: (module, inputOf) => inputOf(module.child('features')),
};

const POOLED = classifier(['features', 'avgpool'], ['classifier']);
const MOBILE = classifier(['features'], ['classifier'], true);
const STAGES = ['conv1', 'maxpool', 'stage2', 'stage3', 'stage4', 'conv5'];

/** Classes that are `Sequential` with a constructor of their own. */
const SEQUENCES = [
  'torchvision.models.mobilenet.ConvBNReLU',
  'torchvision.models.mobilenetv2.ConvBNReLU',
  'torchvision.models.mobilenetv2.ConvBNActivation',
  'torchvision.models.densenet._Transition',
  'torchvision.models.regnet.AnyStage',
  'torchvision.models.regnet.BottleneckTransform',
  'torchvision.models.regnet.SimpleStemIN',
  'torchvision.ops.misc.ConvNormActivation',
  'torchvision.ops.misc.Conv2dNormActivation',
];

export const MODELS: ConverterTable = {
  'torchvision.models.alexnet.AlexNet': POOLED,
  'torchvision.models.vgg.VGG': POOLED,
  'torchvision.models.efficientnet.EfficientNet': POOLED,
  'torchvision.models.mobilenetv3.MobileNetV3': POOLED,
  'torchvision.models.mobilenet.MobileNetV2': MOBILE,
  'torchvision.models.mobilenetv2.MobileNetV2': MOBILE,
  'torchvision.models.mnasnet.MNASNet': classifier(['layers'], ['classifier'], true),
  'torchvision.models.shufflenetv2.ShuffleNetV2': classifier(STAGES, ['fc'], true),
  'torchvision.models.regnet.RegNet': classifier(['stem', 'trunk_output', 'avgpool'], ['fc']),
  'torchvision.models.resnet.ResNet': classifier(
    ['conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4', 'avgpool'],
    ['fc'],
  ),
  'torchvision.models.squeezenet.SqueezeNet': SQUEEZENET,
  'torchvision.models.densenet.DenseNet': DENSENET,
  'torchvision.models.convnext.ConvNeXt': CONVNEXT,
  // It leaves out paths in training alone.
  'torchvision.ops.stochastic_depth.StochasticDepth': IDENTITY,
  ...Object.fromEntries(SEQUENCES.map((name) => [name, SEQUENCE])),
};
