import { type Rule, SUPPLY_CHAIN } from './rule.ts';
import { structureRule } from './structure.ts';

/** What graph formats have in common, for the rules of one of them. */
export interface GraphFormat {
  /** What ids of its rules begin with. */
  readonly id: string;
  /** With its article: "a Core ML model". */
  readonly model: string;
  readonly runtime: string;
}

export interface GraphRules {
  readonly custom: Rule;
  readonly unlisted: Rule;
  readonly dangerous: Rule;
  readonly outside: Rule;
  readonly data: Rule;
  readonly structure: Rule;
  readonly hidden: Rule;
}

/** The rules about a graph of operations that a runtime of its own reads. */
export function graphRules({ id, model, runtime }: GraphFormat): GraphRules {
  const { owasp, atlas } = SUPPLY_CHAIN;
  const refs = { owasp, atlas } as const;
  const again = `Ask the author for a model of ${runtime}'s own operations, or export it again from the original.`;
  return {
    custom: {
      id: `${id}.custom-code`,
      title: `${capital(model)} needs code that it names`,
      severity: 'high',
      verdict: 'suspicious',
      explanation: `A layer, an operation, a delegate or a plugin of the model is not one of ${runtime}: the model gives the name of a class or a library, and the program that loads the model has to provide it. What that code does is not known, and a name that another library has too makes it run instead.`,
      remedy: `${again} Without that, give the program only the code of an author whom you know.`,
      ...refs,
      cwe: ['CWE-829'],
    },
    unlisted: {
      id: `${id}.unlisted-operator`,
      title: `${capital(model)} uses an operation that is not known to compute only`,
      severity: 'medium',
      verdict: 'suspicious',
      explanation: `Operations that ${runtime} itself has, and that only compute from tensors and memory, are on a list made from its released versions. This one is not: it belongs to another library or a newer version, or it is known to read or write files, to print, or to talk to other processes.`,
      remedy: again,
      ...refs,
      cwe: ['CWE-829'],
    },
    dangerous: {
      id: `${id}.dangerous-operator`,
      title: `${capital(model)} runs Python, reads or writes files, or connects`,
      severity: 'critical',
      verdict: 'malicious',
      explanation: `An operation of the model calls a function of the process, loads a library, reads or writes files that the model names, or opens a connection. ${runtime} does so when the model is loaded or run. No trained model needs that to predict.`,
      remedy: `Do not load the model. ${again}`,
      ...refs,
      cwe: ['CWE-94', 'CWE-829', 'CWE-73'],
    },
    outside: {
      id: `${id}.path-outside`,
      title: `${capital(model)} names a file outside of its folder`,
      severity: 'critical',
      verdict: 'malicious',
      explanation:
        'The model says that its weights, another model or a library are in a file, and names it by an absolute path, `..`, a drive, a share or an address. A loader that follows the name reads a file of the machine, or loads one that was not scanned.',
      remedy: 'Do not load the model. Report it to its publisher.',
      ...refs,
      cwe: ['CWE-22', 'CWE-73'],
    },
    data: {
      id: `${id}.data-file`,
      title: `${capital(model)} names its weights in an odd way`,
      severity: 'medium',
      verdict: 'suspicious',
      explanation:
        'The name of a file of weights is odd (empty, with `..` or a backslash), the file is a link, is not one of weights, or ends before the place where the model says that they are. Native code reads what lies there.',
      remedy: 'Download the model again with all of its files, or ask the author to save it again.',
      ...refs,
      cwe: ['CWE-20', 'CWE-22', 'CWE-125'],
    },
    structure: structureRule(
      `${id}.structure`,
      `${capital(model)} is written in an odd way`,
      `A field or an attribute is unknown or comes twice where there is one, a count or a length contradicts the file, or two kinds of content stand where there is one. Versions of ${runtime} differ on what such a file says, so that it can be another model elsewhere.`,
    ),
    hidden: {
      id: `${id}.hidden-content`,
      title: `${capital(model)} holds a program or an archive where data belongs`,
      severity: 'medium',
      verdict: 'suspicious',
      explanation:
        'A text or a buffer of the model begins as a pickle, a program, an archive or a script does, or holds markup that runs when it is shown. The runtime ignores it; programs that show or interpret such content may not.',
      remedy: 'Look at the content, and write the model again without it.',
      ...refs,
      cwe: ['CWE-79', 'CWE-94', 'CWE-502'],
    },
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
