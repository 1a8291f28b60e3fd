import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

const USE_SAFE_FORMAT =
  'Prefer a safetensors file of the same model. If you must load this file, first find out who made it and why it needs this.';

export const DANGEROUS_GLOBAL: Rule = {
  id: 'pickle.global.dangerous',
  title: 'Pickle reaches a dangerous function',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'Loading a pickle imports every global that the pickle names, and can call it. This pickle names a function or a module that runs programs, evaluates text, opens files or connections, or gives access to one that does. No model needs it.',
  remedy:
    'Do not load this file. Report it to the site that you downloaded it from, and check other files of the same author.',
  ...SUPPLY_CHAIN,
};

export const UNLISTED_GLOBAL: Rule = {
  id: 'pickle.global.unlisted',
  title: 'Pickle uses a global that no known framework writes',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Loading the pickle imports this name, which runs its module, and can call it. The name is not on any list of the names that real frameworks write into models, so Assay does not know what it does.',
  remedy: `${USE_SAFE_FORMAT} If the name is your own code, allow it by its exact name with --allow.`,
  ...SUPPLY_CHAIN,
};

export const SHADOWED_GLOBAL: Rule = {
  id: 'pickle.global.shadowed',
  title: 'A file beside the pickle takes the place of a known module',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The name is on a list, but the artifact holds a Python file or package with the name of its module. If the folder is on the import path, as it is for scripts beside a model, loading the pickle runs that file instead of the known module.',
  remedy: 'Remove or rename the file, or load the model from a folder that holds no code.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-427', 'CWE-502'],
};

export const ATTRIBUTE_PATH: Rule = {
  id: 'pickle.global.attribute-path',
  title: 'Pickle reaches a name through attributes',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'From protocol 4 on, a loader follows a dotted name from attribute to attribute. This name passes through special attributes, or through modules that another module imported. Such a name can reach any function although it names harmless modules only.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const COMPUTED_NAME: Rule = {
  id: 'pickle.global.computed',
  title: 'Pickle imports a name that it computes while loading',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The module or the name is the result of a call, so the file does not contain it. Picklers write names as constants; a computed name has no purpose other than to hide the name.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const COMPUTED_CALL: Rule = {
  id: 'pickle.call.computed',
  title: 'Pickle calls the result of another call',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The called object is not a named global but the result of an earlier call, so the file does not show which code runs. Picklers never write this.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const BROKEN_CONTRACT: Rule = {
  id: 'pickle.contract.broken',
  title: 'A known function is called in a way that its framework never uses',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The name is listed under a contract for its arguments: some functions are harmless with the arguments that a framework passes, and dangerous with others (they call, import or load their arguments). These arguments break the contract.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const UNEXPECTED_DATA: Rule = {
  id: 'pickle.contract.unexpected',
  title: 'A known function gets data that its framework does not write',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name is listed under a contract for its arguments. These arguments are plain data and run nothing, but no known version of the framework writes them: sizes that contradict each other, another kind of value, an unknown name.',
  remedy: `${USE_SAFE_FORMAT} If your own program or a newer version of the framework wrote this data, accept the finding with a waiver.`,
  ...SUPPLY_CHAIN,
};

export const BYTES_AS_OBJECTS: Rule = {
  id: 'pickle.bytes-as-objects',
  title: 'Bytes of the file would be used as pointers to Python objects',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'NumPy stores objects as pointers. In this file, an array of objects holds raw bytes, or an element type hides that it holds objects. NumPy then follows addresses that the file chooses, which gives the author of the file control of the process.',
  remedy: 'Do not load this file. Report it to the site that you downloaded it from.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-502', 'CWE-822'],
};

export const CODE_BY_VALUE: Rule = {
  id: 'pickle.code.by-value',
  title: 'Pickle carries its own code',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A function or a class was pickled with its code, as cloudpickle and dill do for definitions in a notebook or a script. Nothing in the file calls the code, and it uses no known dangerous name. But a program that uses the model runs it, and nobody reviewed it.',
  remedy:
    'Move the function or the class into a package, import it from there, and save the model again; or review the code, and accept the finding with a waiver for this digest.',
  ...SUPPLY_CHAIN,
};

export const CODE_RUNS: Rule = {
  id: 'pickle.code.runs',
  title: 'Code that the pickle carries runs while loading, or is dangerous',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A function or a class was pickled with its code. Loading the file calls it, makes an instance of it, or passes it to a function that can call it; or the code uses a name that runs programs, evaluates text, or reaches files, the network or the interpreter.',
  remedy: 'Do not load this file. Ask its author for the source code, and for a model without code in it.',
  ...SUPPLY_CHAIN,
};

export const UNUSUAL_USE: Rule = {
  id: 'pickle.use.unusual',
  title: 'A known name is used in a way that its framework does not use',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name is listed, but only for other uses (as a value, as the class of an instance, to receive a state or elements). Each use runs other code of the name.',
  remedy: `${USE_SAFE_FORMAT} If your own code writes this, allow the name with this use through --allow.`,
  ...SUPPLY_CHAIN,
};

export const FOREIGN_STATE: Rule = {
  id: 'pickle.build.foreign',
  title: 'Pickle changes a class, a module or another object that it did not make',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'BUILD, SETITEM or APPEND is applied to an imported object. It replaces methods of a class, entries of sys.modules or settings of a library in the running process. The payload can run much later.',
  remedy: 'Do not load this file.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-502', 'CWE-915'],
};

export const METHOD_OVERRIDE: Rule = {
  id: 'pickle.build.method-override',
  title: 'Pickle sets a method that the loader itself calls',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The state of an object sets an attribute such as __setstate__ to a value that can be called. The unpickler looks the attribute up on the object and calls it, so a function runs without a call instruction.',
  remedy: 'Do not load this file.',
  ...SUPPLY_CHAIN,
};

export const LATE_MUTATION: Rule = {
  id: 'pickle.build.again',
  title: 'An object is changed again after its state was set',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Picklers set the state of an object once, after its elements. A second BUILD, or elements after BUILD, run methods that the first state can have replaced.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const EXTENSION: Rule = {
  id: 'pickle.extension',
  title: 'Pickle names a global by a code of the loading program',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'An EXT instruction names a global by a number in the registry of the program that loads the file. The file does not show which global that is.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const PERSISTENT_ID: Rule = {
  id: 'pickle.persistent-id',
  title: 'Pickle refers to an object outside the file',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Code of the loading program resolves a persistent id. PyTorch uses persistent ids for tensor storages, in a fixed form. This one is outside a PyTorch file, or has another form.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const EXTERNAL_FILE: Rule = {
  id: 'pickle.external-file',
  title: 'A pickle names another file, which its loader opens',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Before 0.10, joblib stored each array in a separate file, and `joblib.load` still opens the file that the pickle names. It uses `numpy.load(allow_pickle=True)`, which runs pickles in that file. Therefore the verdict of that file applies to this file, too.',
  remedy:
    'Scan the folder with all its files. Better: load the model in an isolated environment, and save it with a recent joblib.',
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
    'Loaders read such streams differently, or spend memory and time on them: operands that cross a frame, memo indexes far beyond the entries, duplicated stack values, names that are not strings. Attackers use them to show a scanner something other than a loader reads.',
  remedy: USE_SAFE_FORMAT,
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-436', 'CWE-502'],
};

export const NESTED_PICKLE: Rule = {
  id: 'pickle.nested',
  title: 'The pickle holds another pickle as bytes',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A byte string of the stream is itself a pickle that uses globals. Nothing in this file loads it, but a program that uses the object can.',
  remedy: USE_SAFE_FORMAT,
  ...SUPPLY_CHAIN,
};

export const NATIVE_STATE: Rule = {
  id: 'pickle.native-state',
  title: 'A pickle passes native code a model that contradicts itself',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The state of an object holds a model of another format, which the class passes to the native code of its library: XGBoost, LightGBM, CatBoost, a tokenizer. That code does not check counts, indexes and offsets. These bytes are not of that format, or an index in them is out of range.',
  remedy:
    'Ask the author to save the model again in the native format of the library, and compare the predictions of both.',
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
    'A loader stops at the end of the stream and does not read these bytes, so they do not belong to the model. They can hold a payload.',
  remedy: USE_SAFE_FORMAT,
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-506'],
};

export const BROKEN_STREAM: Rule = {
  id: 'pickle.stream.broken',
  title: 'The pickle is cut off or broken',
  severity: 'high',
  verdict: 'unknown',
  explanation:
    'The stream ends before its STOP instruction, or holds an invalid instruction. A loader still executes the part before that place; Assay could not read the part after it.',
  remedy: 'Download the file again and compare its digest. Do not load it.',
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
