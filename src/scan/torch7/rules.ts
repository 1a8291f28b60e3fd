import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

export const TORCH7_RULES = {
  function: {
    id: 'torch7.function',
    title: 'A Torch7 object holds Lua code',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'The file holds a function as byte code of Lua, or as its source. torch.load gives it to the Lua virtual machine, which does not verify byte code, so that crafted code takes over the process; the model calls the function when it is used.',
    remedy: 'Do not load the file. Ask its author for the weights alone, as tensors.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-94'],
  },
  class: {
    id: 'torch7.unlisted-class',
    title: 'A Torch7 object is of a class that is not one of torch or nn',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'The class is of another library. Its own code reads what follows in the file when the object is loaded, in a way that only the library knows.',
    remedy: 'Ask the author which library the class is of, or for the weights alone, as tensors.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502'],
  },
  structure: structureRule(
    'torch7.structure',
    'A Torch7 object contradicts itself',
    'A tensor reaches beyond its storage, a length is larger than the file, an object is of no type, the file ends early, or bytes follow the object. The reader of Torch7 is native code that trusts sizes, strides and offsets: such a tensor reads and writes memory outside of the model.',
  ),
} as const satisfies Record<string, Rule>;
