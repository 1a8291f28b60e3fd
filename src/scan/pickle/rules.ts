import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

const USE_SAFE_FORMAT =
  'Prefer a safetensors file of the same model. If you must load this one, first find out who made it and why it needs this.';

export const DANGEROUS_GLOBAL: Rule = {
  id: 'pickle.global.dangerous',
  title: 'Pickle reaches a dangerous function',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'Loading a pickle imports every global that it names and may call it. This one names a function or a module that runs programs, evaluates text, opens files or connections, or leads to one that does. No model needs it.',
  remedy: 'Do not load this file. Report it to where it came from, and look for other files of the same author.',
  ...SUPPLY_CHAIN,
};

export const UNLISTED_GLOBAL: Rule = {
  id: 'pickle.global.unlisted',
  title: 'Pickle uses a global that no known framework writes',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Loading the pickle imports this name, which runs its module, and may call it. It is on none of the lists of names that real frameworks write into models, so nothing is known about what it does.',
  remedy: `${USE_SAFE_FORMAT} If the name is your own code, allow it by its exact name with --allow.`,
  ...SUPPLY_CHAIN,
};

export const SHADOWED_GLOBAL: Rule = {
  id: 'pickle.global.shadowed',
  title: 'A file beside the pickle takes the place of a known module',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The name is on a list, but the artifact holds a Python file or package of the same module name. When the folder is on the import path, as it is for scripts beside a model, loading the pickle runs that file instead.',
  remedy: 'Remove or rename the file, or load the model from a folder that holds no code.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-427', 'CWE-502'],
};

export const ATTRIBUTE_PATH: Rule = {
  id: 'pickle.global.attribute-path',
  title: 'Pickle walks through attributes to reach something else',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'From protocol 4 on, a dotted name walks from attribute to attribute. This one passes through special attributes or through what a module happens to have imported, which reaches anything while naming only harmless modules.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const COMPUTED_NAME: Rule = {
  id: 'pickle.global.computed',
  title: 'Pickle imports a name that it computes while loading',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The module or the name is the result of a call, so the file does not contain it. Picklers write names as constants; computing one serves only to hide it.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const COMPUTED_CALL: Rule = {
  id: 'pickle.call.computed',
  title: 'Pickle calls something that a call returned',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The callee is not a named global but the result of an earlier call, so the file does not show what runs. Picklers never write this.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const BROKEN_CONTRACT: Rule = {
  id: 'pickle.contract.broken',
  title: 'A known function is called in a way its framework never does',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The name is listed under a contract for its arguments: some functions are harmless with what a framework passes and dangerous with anything else (they call, import or load what they are given). These arguments break it.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const UNEXPECTED_DATA: Rule = {
  id: 'pickle.contract.unexpected',
  title: 'A known function is given data that its framework does not write',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name is listed under a contract for its arguments. These are data and act on nothing, yet no known version of the framework writes them: sizes that contradict each other, another kind of value, a name that is not among the known ones.',
  remedy: `${USE_SAFE_FORMAT} If a program of your own or a newer version wrote it so, accept the finding with a waiver.`,
  ...SUPPLY_CHAIN,
};

export const BYTES_AS_OBJECTS: Rule = {
  id: 'pickle.bytes-as-objects',
  title: 'Bytes of the file would be used as pointers to Python objects',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'NumPy keeps objects as pointers. Here raw bytes stand where the element type says that objects are, or a type hides that it holds some. NumPy then follows addresses that the file chooses, which gives whoever made it the process.',
  remedy: 'Do not load this file. Report it to where it came from.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-502', 'CWE-822'],
};

export const CODE_BY_VALUE: Rule = {
  id: 'pickle.code.by-value',
  title: 'Pickle brings code of its own',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A function or a class was pickled with its code, as cloudpickle and dill do for what is defined in a notebook or a script. Nothing in the file calls it, and it names nothing that is known to do harm; whoever uses the model runs it all the same, and nobody reviewed it.',
  remedy:
    'Move the function or the class into a package, import it from there and save the model again; or read the code, and accept the finding with a waiver for this digest.',
  ...SUPPLY_CHAIN,
};

export const CODE_RUNS: Rule = {
  id: 'pickle.code.runs',
  title: 'Code that the pickle brings is run, or could do harm',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A function or a class was pickled with its code. Loading the file calls it, makes an instance of it or hands it to something that may; or the code names something that runs programs, evaluates text, or reaches files, the network or the interpreter.',
  remedy: 'Do not load this file. Ask its author for the source code, and for a model without code in it.',
  ...SUPPLY_CHAIN,
};

export const UNUSUAL_USE: Rule = {
  id: 'pickle.use.unusual',
  title: 'A known name is used in a way its framework does not',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name is listed, but only for other uses: as a value, as the class of an instance, to take a state or elements. Other uses run other code of it.',
  remedy: `${USE_SAFE_FORMAT} If your code writes it so, allow the name with this use through --allow.`,
  ...SUPPLY_CHAIN,
};

export const FOREIGN_STATE: Rule = {
  id: 'pickle.build.foreign',
  title: 'Pickle changes a class, a module or another object that it did not make',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'BUILD, SETITEM or APPEND is applied to an imported object. That replaces methods of a class, entries of sys.modules or settings of a library in the running process; the payload may run much later.',
  remedy: 'Do not load this file.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-502', 'CWE-915'],
};

export const METHOD_OVERRIDE: Rule = {
  id: 'pickle.build.method-override',
  title: 'Pickle plants a method that the loader itself will call',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The state of an object gets an attribute such as __setstate__ whose value can be called. The unpickler looks that attribute up on the object and calls it, so a function runs that no call instruction names.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const LATE_MUTATION: Rule = {
  id: 'pickle.build.again',
  title: 'An object is changed again after its state was set',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Picklers set the state of an object once, after its elements. A second BUILD, or elements after it, run methods that the first state may have replaced.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const EXTENSION: Rule = {
  id: 'pickle.extension',
  title: 'Pickle names a global by a code of the loading program',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'EXT instructions look a global up in the registry of the program that loads the file. The file does not show which one.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const PERSISTENT_ID: Rule = {
  id: 'pickle.persistent-id',
  title: 'Pickle refers to an object outside of it',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A persistent id is resolved by code of the loading program. PyTorch uses them for tensor storages, with a fixed shape; here they stand outside a PyTorch file or have another shape.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const EXTERNAL_FILE: Rule = {
  id: 'pickle.external-file',
  title: 'A pickle names another file, which its loader opens',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Before 0.10, joblib kept each array in a file of its own, and `joblib.load` still opens the file that the pickle names: with `numpy.load(allow_pickle=True)`, which runs what it holds. The verdict of that file is the verdict of this one.',
  remedy: 'Scan the folder with all its files. Better: load it where you trust it and save it with a recent joblib.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-73', 'CWE-502'],
};

export const ODD_STRUCTURE: Rule = {
  id: 'pickle.structure.odd',
  title: 'The pickle has a structure that no pickler writes',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Loaders disagree on such streams or spend memory and time on them: operands that cross a frame, memo indexes far out, duplicated stack values, names that are no strings. They serve to make a scanner see something else than a loader.',
  remedy: USE_SAFE_FORMAT,
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-436', 'CWE-502'],
};

export const NESTED_PICKLE: Rule = {
  id: 'pickle.nested',
  title: 'A pickle is carried inside as bytes',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A byte string of the stream is itself a pickle that uses globals. Nothing here loads it, but whoever uses the object might.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const NATIVE_STATE: Rule = {
  id: 'pickle.native-state',
  title: 'A pickle hands native code a model that contradicts itself',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The state of an object holds a model of another format, which the class hands to the native code of its library: XGBoost, LightGBM, CatBoost, a tokenizer. That code follows counts, indexes and offsets without looking. These bytes are not of that format, or lead out of themselves.',
  remedy: 'Have its author save the model again, in the own format of the library, and compare what both predict.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-20', 'CWE-125', 'CWE-787'],
};

export const TRAILING_DATA: Rule = {
  id: 'pickle.trailing-data',
  title: 'Bytes follow the end of the pickle',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A loader stops at the end of the stream and leaves these bytes alone, so they do not belong to the model. Payloads are parked there.',
  remedy: USE_SAFE_FORMAT,
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-506'],
};

export const BROKEN_STREAM: Rule = {
  id: 'pickle.stream.broken',
  title: 'The pickle breaks off',
  severity: 'high',
  verdict: 'unknown',
  explanation:
    'The stream ends before its STOP instruction, or holds an impossible one. What stands before the break is executed by a loader all the same; what stands behind it was not understood.',
  remedy: 'Fetch the file again and compare its digest. Do not load it.',
  ...SUPPLY_CHAIN,
};

export const PICKLE_RULES: readonly Rule[] = [
  DANGEROUS_GLOBAL,
  UNLISTED_GLOBAL,
  SHADOWED_GLOBAL,
  ATTRIBUTE_PATH,
  COMPUTED_NAME,
  COMPUTED_CALL,
  BROKEN_CONTRACT,
  UNEXPECTED_DATA,
  BYTES_AS_OBJECTS,
  CODE_BY_VALUE,
  CODE_RUNS,
  UNUSUAL_USE,
  FOREIGN_STATE,
  METHOD_OVERRIDE,
  LATE_MUTATION,
  EXTENSION,
  PERSISTENT_ID,
  EXTERNAL_FILE,
  ODD_STRUCTURE,
  NESTED_PICKLE,
  NATIVE_STATE,
  TRAILING_DATA,
  BROKEN_STREAM,
];
