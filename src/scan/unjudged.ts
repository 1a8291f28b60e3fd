import { UNKNOWN } from '../formats/index.ts';
import { leaveUnjudged, type Scanner } from './scanner/index.ts';

/** Known formats that no scanner judges, with the risk of each. Their check is `format.<id>.scan`. */
const UNJUDGED: Readonly<Record<string, string>> = {
  ggml: 'GGML files before GGUF are read by C code that trusts their counts.',
  orc: 'An ORC table may hold poisoned training data.',
  sqlite: 'A database may hold triggers and views, which run when a program queries it.',
  matlab: 'MATLAB data may hold objects and function handles.',
  'mlir-bytecode': 'MLIR is a program.',
  tfrecord: 'Records may hold poisoned training data.',
  'coreml-compiled':
    "Parts of a compiled Core ML model are read by Apple's frameworks alone: ask for the model that it was compiled from.",
  ncnn: 'An ncnn model may name layers that the program provides.',
  rknn: 'An RKNN model holds a program for an accelerator, which only its driver reads.',
  wasm: 'WebAssembly is a program.',
  'lua-bytecode': 'Lua byte code is a program, and crafted byte code breaks out of the Lua virtual machine.',
  'java-class': 'A Java class is a program.',
  pyc: 'Python byte code is a program that runs when Python imports a module of its name.',
};

export const unjudgedScanner: Scanner = {
  id: 'unjudged',
  formats: Object.keys(UNJUDGED),
  rules: [],
  async scanFile({ source, format }, context) {
    const why = UNJUDGED[format.id] ?? `Assay recognises ${format.title} by its first bytes only.`;
    leaveUnjudged(context, `format.${format.id}.scan`, `${why} No scanner judges it yet.`);
    context.cover(0, source.size, 'opaque', `${format.title}: no scanner judges it yet`);
  },
};

/** Content of no known format. */
export const unknownScanner: Scanner = {
  id: 'unknown',
  formats: [UNKNOWN.id],
  rules: [],
  async scanFile(_, context) {
    context.incomplete('the format is not recognised');
  },
};
