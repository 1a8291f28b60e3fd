/** Classes in C++ of PyTorch that models hold, whose states are numbers: packed weights, by their namespace (`torch::class_`). */
const CLASSES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'quantized',
    new Set([
      'LinearPackedParamsBase',
      'Conv2dPackedParamsBase',
      'Conv3dPackedParamsBase',
      'EmbeddingPackedParamsBase',
    ]),
  ],
  ['rnn', new Set(['CellParamsBase'])],
  ['sparse', new Set(['LinearPackedParamsBase'])],
  ['xnnpack', new Set(['LinearOpContext', 'Conv2dOpContext', 'TransposeConv2dOpContext'])],
  ['mkldnn', new Set(['ConvOpContext'])],
  ['metal', new Set(['LinearOpContext', 'Conv2dOpContext'])],
  ['profiler', new Set(['_RecordFunction'])],
]);
/** What can be called of them (aten/src/ATen/native/quantized/cpu/fbgemm_utils.cpp, xnnpack/RegisterOpContextClass.cpp). */
export const CLASS_METHODS: ReadonlySet<string> = new Set([
  '__new__',
  '__init__',
  '__getstate__',
  '__setstate__',
  'unpack',
  'bias',
  'set_bias',
  'stride',
  'padding',
  'output_padding',
  'dilation',
  'groups',
  'transpose',
  'bit_rate',
  'version',
]);

/** Whether a name is that of a class in C++: they stand under `__torch__.torch.classes`. */
export function isScriptClass(path: string): boolean {
  return /^__torch__\.torch(?:\.classes(?:\..*)?)?$/s.test(path);
}

/** Whether a class in C++ is one of PyTorch's that only holds numbers: `__torch__.torch.classes.quantized.Conv2dPackedParamsBase`. */
export function listedScriptClass(path: string): boolean {
  const [namespace = '', name = '', ...rest] = path.replace('__torch__.torch.classes.', '').split('.');
  return rest.length === 0 && CLASSES.get(namespace)?.has(name) === true;
}
