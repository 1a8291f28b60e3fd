import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const REMEDY = 'Do not load the file. Ask its author for the data alone, as a table or as a list of vectors.';

export const RDS_RULES = {
  promise: {
    id: 'rds.promise',
    title: 'An R file holds code that runs when the object is used',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'The file holds a promise with code that is not evaluated yet. R evaluates it when the object is first used or printed, and releases before 4.4 do so for whoever calls readRDS or load (CVE-2024-27322). Data holds none; R writes one where a function keeps an argument that it has not looked at yet.',
    remedy: REMEDY,
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-94'],
  },
  binding: {
    id: 'rds.active-binding',
    title: 'An R file holds a variable that calls a function when it is read',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      'A variable of an environment in the file is an active binding: reading it calls a function of the file. Listing, printing or comparing the environment is enough.',
    remedy: REMEDY,
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-94'],
  },
  file: {
    id: 'rds.mapped-file',
    title: 'An R file names another file that loading opens',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      'A vector of the file is represented by the content of another file, whose path the file gives. R opens that file, and can write to it, when the object is loaded.',
    remedy: REMEDY,
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-73'],
  },
  code: {
    id: 'rds.code',
    title: 'An R file holds functions or calls',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'The file holds functions, calls, expressions or byte code. Loading does not run them; predict, print and update of many models do, and crafted byte code breaks the interpreter. Vectors, lists, factors and data frames hold none. Many models of R do, such as those with a formula.',
    remedy: 'Review the code in a sandbox, or ask for the model in a format that holds no code, such as ONNX or PMML.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-94'],
  },
  outside: {
    id: 'rds.reference',
    title: 'An R file holds environments, or refers to packages and pointers',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'Loading looks for a package that the file names and loads it, calls a hook of the program, hands a state to code of a package, or restores an environment or a pointer. Plain data refers to none of them.',
    remedy: 'Load the file only where the named packages are those that you expect, or ask for the data alone.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-829'],
  },
  structure: structureRule(
    'rds.structure',
    'An R file contradicts itself',
    'A length is larger than the file, a reference leads to nothing, an object is of no type, the file ends early, or bytes follow the object. The reader of R is native code that trusts lengths and references.',
  ),
} as const satisfies Record<string, Rule>;
