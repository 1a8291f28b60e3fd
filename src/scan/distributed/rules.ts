import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

export const PLACE_OUTSIDE: Rule = {
  id: 'distcp.outside-file',
  title: 'A distributed checkpoint names a file outside of its folder',
  severity: 'high',
  verdict: 'malicious',
  explanation:
    'The metadata of a checkpoint of torch.distributed.checkpoint says in which file each value is. This one names a file by an absolute path, `..`, a drive or an address. PyTorch joins the name to the folder, and loads the file that it leads to as a checkpoint.',
  remedy: 'Do not load the checkpoint. PyTorch writes plain names such as `__0_0.distcp`.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-22', 'CWE-73'],
};

export const PLACE_ODD: Rule = {
  id: 'distcp.odd-file',
  title: 'A distributed checkpoint names a file or a place in an odd way',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name of a file is empty, is not plain text, or is read in different ways by different systems; or the place is not a number, or lies behind the end of the file.',
  remedy: 'Save the checkpoint again with torch.distributed.checkpoint.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-20', 'CWE-22'],
};
