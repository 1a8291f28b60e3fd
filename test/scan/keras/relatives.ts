import { CODE, DENSE, object, sequential } from './forms.ts';

/** A configuration that does more than describe a model, and the least verdict that it deserves. */
export type Relative = readonly [title: string, config: string, verdict: 'malicious' | 'suspicious'];

const lambda = (config: unknown, more = {}) => object('Lambda', { name: 'l', ...(config as object) }, more);
const code = { class_name: '__lambda__', config: { code: CODE, defaults: null, closure: null } };
const dense = (config: unknown, more = {}) => object('Dense', { units: 1, ...(config as object) }, more);
const fn = (module: string, name: string) => ({ module, class_name: 'function', config: name, registered_name: name });
const legacy = (name: string, config: unknown) =>
  JSON.stringify({ class_name: 'Sequential', config: { name: 's', layers: [{ class_name: name, config }] } });
const named = (module: string, name: string, config: unknown = {}) =>
  sequential({ module, class_name: name, config, registered_name: null });
const compiled = (compile_config: unknown) =>
  JSON.stringify({ ...object('Sequential', { name: 's', layers: [DENSE] }), module: 'keras', compile_config });
const doubled = (text: string, key: string, first: string) => text.replace(`"${key}":`, `"${key}":${first},"${key}":`);

export const RELATIVES: readonly Relative[] = [
  // Code in every place for a function.
  ['a Lambda with code', sequential(lambda({ function: code })), 'malicious'],
  [
    'a Lambda of Keras 2 with a list',
    legacy('Lambda', { function: [CODE, null, null], function_type: 'lambda' }),
    'malicious',
  ],
  [
    'a Lambda with a tuple',
    legacy('Lambda', { function: { class_name: '__tuple__', items: [CODE, null, null] } }),
    'malicious',
  ],
  [
    'a Lambda with a list and another type',
    legacy('Lambda', { function: [CODE, null, null], function_type: 'raw' }),
    'malicious',
  ],
  [
    'a Lambda with text and the type lambda',
    legacy('Lambda', { function: CODE, function_type: 'lambda' }),
    'malicious',
  ],
  ['code as the mask of a Lambda', sequential(lambda({ function: fn('builtins', 'relu'), mask: code })), 'malicious'],
  [
    'code as the output shape',
    legacy('Lambda', {
      function: 'relu',
      function_type: 'function',
      output_shape: [CODE, null, null],
      output_shape_type: 'lambda',
    }),
    'malicious',
  ],
  ['code in the arguments of a Lambda', sequential(lambda({ function: 'f', arguments: { g: code } })), 'malicious'],
  ['code as an activation', sequential(dense({ activation: code })), 'malicious'],
  ['code as an initializer', sequential(dense({ kernel_initializer: code })), 'malicious'],
  ['code as a regularizer', sequential(dense({ kernel_regularizer: code })), 'malicious'],
  ['code as a loss', compiled({ optimizer: 'adam', loss: code }), 'malicious'],
  ['code in a list of metrics', compiled({ optimizer: 'adam', loss: 'mse', metrics: [['mae', code]] }), 'malicious'],
  ['code under an unknown argument', sequential(dense({ zzz: { deep: [[code]] } })), 'malicious'],
  ['code beside the configuration', sequential({ ...DENSE, other: code }), 'malicious'],
  ['code in build_config', sequential({ ...DENSE, build_config: { x: code } }), 'malicious'],
  [
    'code in the arguments of a call',
    sequential({ ...DENSE, inbound_nodes: [{ args: [code], kwargs: {} }] }),
    'malicious',
  ],
  [
    'code in the keyword arguments of a call',
    sequential({ ...DENSE, inbound_nodes: [[['d', 0, 0, { f: code }]]] }),
    'malicious',
  ],
  ['a Lambda in a wrapper', sequential(object('TimeDistributed', { layer: lambda({ function: code }) })), 'malicious'],
  [
    'a Lambda in both halves',
    sequential(
      object('Bidirectional', { layer: object('LSTM', { units: 1 }), backward_layer: lambda({ function: code }) }),
    ),
    'malicious',
  ],
  ['a Lambda as a cell', sequential(object('RNN', { cell: [lambda({ function: code })] })), 'malicious'],
  [
    'a Lambda in a model in a model',
    sequential(JSON.parse(sequential(JSON.parse(sequential(lambda({ function: code })))))),
    'malicious',
  ],
  ['a Lambda in an unknown class', sequential(object('Zzz', { layer: lambda({ function: code }) })), 'malicious'],
  [
    'a Lambda with the id of a shared object',
    sequential({ ...lambda({ function: code }), shared_object_id: 7 }),
    'malicious',
  ],
  [
    'a Lambda of another module',
    sequential(lambda({ function: code }, { module: 'keras.src.layers.core.lambda_layer' })),
    'malicious',
  ],
  ['a Lambda without a module', legacy('Lambda', { function: code }), 'malicious'],
  [
    'a Lambda of escaped letters',
    sequential(lambda({ function: code }))
      .replace('"Lambda"', '"\\u004cambda"')
      .replace('class_name":"__l', 'class\\u005fname":"__l'),
    'malicious',
  ],
  [
    'a Lambda that names os',
    legacy('Lambda', { function: 'system', function_type: 'function', module: 'os' }),
    'malicious',
  ],
  [
    'a Lambda of a function of the program',
    legacy('Lambda', { function: 'my_function', function_type: 'function' }),
    'suspicious',
  ],
  ['a Lambda without a function', legacy('Lambda', {}), 'suspicious'],
  // Keys that are there twice: the last, the first, and neither.
  [
    'the class twice, Lambda last',
    doubled(sequential(lambda({ function: code })), 'class_name', '"Dense"'),
    'malicious',
  ],
  [
    'the function twice, code first',
    sequential(lambda({ function: code })).replace(
      '"function":',
      `"function":${JSON.stringify(code)},"function":null,"x":`,
    ),
    'malicious',
  ],
  [
    'the layers twice',
    sequential(DENSE).replace('"layers":', `"layers":[${JSON.stringify(lambda({ function: code }))}],"layers":`),
    'malicious',
  ],
  [
    'the configuration twice',
    `{"class_name":"Sequential","config":{"layers":[${JSON.stringify(lambda({ function: code }))}]},"config":{"layers":[]}}`,
    'malicious',
  ],
  ['the units twice', sequential(DENSE).replace('"units":', '"units":2,"units":'), 'suspicious'],
  // Modules outside of Keras.
  ['subprocess.run', named('subprocess', 'run', { args: ['true'] }), 'malicious'],
  ['os.system as a class', named('os', 'system', { command: 'true' }), 'malicious'],
  ['builtins.eval', named('builtins', 'eval', { source: '1' }), 'malicious'],
  ['a class of the standard library', named('antigravity', 'X'), 'malicious'],
  ['a module below the standard library', named('xml.dom.zzz', 'X'), 'malicious'],
  ['os behind a module of Keras', named('keras.src.utils.file_utils.os', 'system'), 'malicious'],
  ['a function of os as an activation', sequential(dense({ activation: fn('os', 'system') })), 'malicious'],
  ['a function of subprocess as a loss', compiled({ optimizer: 'adam', loss: fn('subprocess', 'run') }), 'malicious'],
  [
    'a special name of subprocess',
    sequential({ module: 'subprocess', class_name: '__tensor__', config: { value: 1, dtype: 'int32' } }),
    'malicious',
  ],
  ['an activation of an importer', sequential(dense({ activation: fn('importlib', 'import_module') })), 'malicious'],
  ['a class of TensorFlow', named('tensorflow.io', 'write_file'), 'malicious'],
  [
    'a type of subprocess',
    sequential(
      dense({
        x: {
          class_name: '__typespec__',
          module: 'subprocess',
          spec_name: 'Popen',
          registered_name: null,
          config: ['true'],
        },
      }),
    ),
    'malicious',
  ],
  [
    'a type of another module',
    sequential(
      dense({
        x: { class_name: '__typespec__', module: 'my.types', spec_name: 'Spec', registered_name: null, config: [] },
      }),
    ),
    'suspicious',
  ],
  ['a package of others', named('my_pkg.layers', 'Evil'), 'suspicious'],
  ['a package that begins like Keras', named('keras_evil.layers', 'Dense'), 'suspicious'],
  ['keras with a letter of another alphabet', named('kеras.layers', 'Dense'), 'suspicious'],
  // Functions of Keras itself.
  [
    'get_file as a class',
    named('keras.utils', 'get_file', { fname: 'x', origin: 'http://127.0.0.1/x', extract: true }),
    'malicious',
  ],
  ['get_file of the module within', named('keras.src.utils.file_utils', 'get_file'), 'malicious'],
  ['get_file as an activation', sequential(dense({ activation: fn('keras.utils', 'get_file') })), 'malicious'],
  ['get_file without a module', legacy('get_file', { fname: 'x', origin: 'http://127.0.0.1' }), 'malicious'],
  ['enable_unsafe_deserialization', named('keras.config', 'enable_unsafe_deserialization'), 'malicious'],
  [
    'enable_unsafe_deserialization as a function',
    sequential(dense({ activation: fn('keras.config', 'enable_unsafe_deserialization') })),
    'malicious',
  ],
  ['load_model', named('keras.models', 'load_model', { filepath: '/tmp/x.keras' }), 'malicious'],
  ['load_model of keras.saving', sequential(dense({ activation: fn('keras.saving', 'load_model') })), 'malicious'],
  [
    'deserialize in place of a layer',
    legacy('deserialize', { config: { class_name: 'Dense', config: {} } }),
    'malicious',
  ],
  ['a download of weights', sequential(dense({ activation: fn('keras.applications', 'ResNet50') })), 'malicious'],
  ['a data set', sequential(dense({ activation: fn('keras.datasets.mnist', 'load_data') })), 'malicious'],
  ['a callback that writes files', named('keras.callbacks', 'CSVLogger', { filename: '/tmp/x' }), 'malicious'],
  ['func_load', sequential(dense({ activation: fn('keras.src.utils.python_utils', 'func_load') })), 'malicious'],
  ['a name in a module that does not have it', named('keras.optimizers', 'Dense'), 'suspicious'],
  ['a class in other letters', sequential(object('dense', { units: 1 })), 'suspicious'],
  // Layers that load, unpickle or call.
  ['TFSMLayer', sequential(object('TFSMLayer', { filepath: '/tmp/x', call_endpoint: 'serve' })), 'malicious'],
  [
    'TFSMLayer in a wrapper',
    sequential(object('TimeDistributed', { layer: object('TFSMLayer', { filepath: 'x' }) })),
    'malicious',
  ],
  ['TorchModuleWrapper', sequential(object('TorchModuleWrapper', { module: 'gAROLg==' })), 'malicious'],
  ['JaxLayer', sequential(object('JaxLayer', { call_fn: code })), 'malicious'],
  ['FlaxLayer', sequential(object('FlaxLayer', { module: 'x' })), 'malicious'],
  ['FlaxLayer without a module', legacy('FlaxLayer', { method: 'x' }), 'malicious'],
  ['a map over a function', named('keras.src.ops.core', 'Map', { function: fn('os', 'system') }), 'malicious'],
  // Operations of TensorFlow.
  ['a write by TFOpLambda', legacy('TFOpLambda', { name: 'x', function: 'io.write_file' }), 'malicious'],
  ['a read by TFOpLambda', legacy('TFOpLambda', { name: 'x', function: 'io.read_file' }), 'malicious'],
  ['a raw operation', legacy('TFOpLambda', { name: 'x', function: 'raw_ops.ReadFile' }), 'malicious'],
  ['Python by TFOpLambda', legacy('TFOpLambda', { name: 'x', function: 'numpy_function' }), 'malicious'],
  ['a library by TFOpLambda', legacy('TFOpLambda', { name: 'x', function: 'load_op_library' }), 'malicious'],
  ['get_file by TFOpLambda', legacy('TFOpLambda', { name: 'x', function: 'keras.utils.get_file' }), 'malicious'],
  ['a read by an older name', legacy('SlicingOpLambda', { name: 'x', function: 'compat.v1.read_file' }), 'malicious'],
  ['a function that is not listed', legacy('TFOpLambda', { name: 'x', function: 'map_fn' }), 'suspicious'],
  [
    'a method of a class',
    legacy('ClassMethod', { cls_symbol: 'RaggedTensor', method_name: 'from_row_splits' }),
    'suspicious',
  ],
  ['an attribute by its name', legacy('InstanceProperty', { attr_name: '__class__' }), 'suspicious'],
  ['a method by its name', legacy('InstanceMethod', { attr_name: 'numpy' }), 'suspicious'],
  [
    'a node of a graph that reads',
    legacy('TensorFlowOpLayer', { node_def: { name: 'r', op: 'ReadFile' }, constants: {} }),
    'malicious',
  ],
  [
    'a node of a graph as text',
    legacy('TensorFlowOpLayer', { node_def: '{"name": "r", "op": "WriteFile"}' }),
    'malicious',
  ],
  ['a node of a graph that is not listed', legacy('TensorFlowOpLayer', { node_def: { op: 'Zzz' } }), 'suspicious'],
  // Files outside of the model.
  ['a vocabulary from a path', sequential(object('StringLookup', { vocabulary: '/etc/passwd' })), 'suspicious'],
  [
    'a vocabulary from an address',
    sequential(object('StringLookup', { vocabulary: 'http://169.254.169.254/x' })),
    'malicious',
  ],
  ['a vocabulary from a store', sequential(object('TextVectorization', { vocabulary: 'gs://bucket/x' })), 'malicious'],
  ['whole numbers from a path', sequential(object('IntegerLookup', { vocabulary: '../x' })), 'suspicious'],
  [
    'weights of words from a path',
    sequential(object('TextVectorization', { idf_weights: '/etc/passwd' })),
    'suspicious',
  ],
  [
    'a vocabulary from bytes',
    sequential(object('StringLookup', { vocabulary: { class_name: '__bytes__', config: { value: '/etc/passwd' } } })),
    'suspicious',
  ],
  // What a program has to give, and what nobody knows.
  ['a registered class', sequential(object('Evil', {}, { module: null, registered_name: 'my>Evil' })), 'suspicious'],
  ['a registered class under a name of Keras', sequential(dense({}, { registered_name: 'my>Dense' })), 'suspicious'],
  ['a registered class of Keras 2', legacy('my>Evil', {}), 'suspicious'],
  ['an activation of the program', sequential(dense({ activation: 'my_activation' })), 'suspicious'],
  ['a loss of the program', compiled({ optimizer: 'adam', loss: 'my_loss' }), 'suspicious'],
  [
    'a metric of the program',
    compiled({ optimizer: 'adam', loss: 'mse', metrics: { a: ['my_metric'] } }),
    'suspicious',
  ],
  ['an argument that nobody knows', sequential(dense({ zzz: 1 })), 'suspicious'],
  [
    'a path as an option',
    sequential(object('Conv2D', { filters: 1, kernel_size: 1, padding: '/etc/passwd' })),
    'suspicious',
  ],
  [
    'a word that is not an option',
    sequential(object('Conv2D', { filters: 1, kernel_size: 1, padding: 'zzz_other' })),
    'suspicious',
  ],
  ['a metric as a layer', sequential({ ...object('AUC', {}), module: 'keras.metrics' }), 'suspicious'],
  [
    'an optimizer as an initializer',
    sequential(dense({ kernel_initializer: { module: 'keras.optimizers', class_name: 'Adam', config: {} } })),
    'suspicious',
  ],
  ['a class_name that is a list', sequential({ ...DENSE, class_name: ['Dense'] }), 'suspicious'],
  ['a configuration that is a text', sequential({ ...DENSE, config: 'x' }), 'suspicious'],
  [
    'a function without a name',
    sequential(dense({ activation: { module: 'keras', class_name: 'function', config: null } })),
    'suspicious',
  ],
  // More memory than there is.
  ['units without end', sequential(dense({ units: 2 ** 40 })), 'suspicious'],
  [
    'a product of words and numbers',
    sequential(object('Embedding', { input_dim: 2 ** 30, output_dim: 2 ** 20 })),
    'suspicious',
  ],
  ['two layers that multiply', sequential(dense({ units: 2 ** 25 }), dense({ units: 2 ** 25 })), 'suspicious'],
  ['a recurrent layer', sequential(object('LSTM', { units: 2 ** 20 })), 'suspicious'],
  ['an input without end', sequential(object('InputLayer', { batch_shape: [null, 2 ** 30, 2 ** 30] })), 'suspicious'],
];
