import type { Rule } from '../scanner/index.ts';

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010', 'AML.T0025'] } as const;

export const ENDPOINT: Rule = {
  id: 'exfiltration.endpoint',
  title: 'A file names an address that collects data for whoever set it up',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'The file names a service that receives data for anybody and without an account: a request bin (webhook.site), a tunnel (ngrok), a detector of callbacks (interactsh), an upload or paste service, the API of bots of Telegram or Discord, or an onion service. Programs that steal keys and data send them to such addresses; a model needs none of them. A name in a text does nothing by itself.',
  remedy:
    'Find out which program uses the address, and what it sends. If it is a service of your own, name it in your policy (docs/secrets.md).',
  ...REFERENCES,
  cwe: ['CWE-506', 'CWE-200'],
};

export const RAW_ADDRESS: Rule = {
  id: 'exfiltration.address',
  title: 'A file names a server by its number',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The file holds a URL with a public IP address in place of a name. Published models name servers by their domains; malware that moves often does not. Private, local and documentation addresses do not count.',
  remedy: 'Find out whose server it is, and which program uses it.',
  ...REFERENCES,
  cwe: ['CWE-506'],
};

export const METADATA_SERVICE: Rule = {
  id: 'exfiltration.metadata-service',
  title: 'A file names the metadata service of a cloud',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'The file names the address at which a cloud gives a virtual machine its credentials (169.254.169.254, metadata.google.internal). SDKs of clouds ask there; a model does not.',
  remedy: 'Find out which program asks there. Block the address for the programs that load models.',
  ...REFERENCES,
  cwe: ['CWE-506', 'CWE-918'],
};

export const REVERSE_SHELL: Rule = {
  id: 'exfiltration.reverse-shell',
  title: 'A file holds a command that hands a shell to another machine',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The text has the form of a reverse shell: it connects to a server, and gives it the input and the output of a shell. Whether a program runs the text does not show in the file that holds it.',
  remedy: 'Do not run programs of this artifact. Report it to its publisher, unless it is a collection of such texts.',
  ...REFERENCES,
  cwe: ['CWE-506'],
};

export const ENCODED_PAYLOAD: Rule = {
  id: 'exfiltration.encoded-payload',
  title: 'A text hides a program or an address in an encoding',
  severity: 'high',
  verdict: 'none',
  explanation:
    'A run of characters decodes (base64, base32, base85, hexadecimal; gzip, zlib or an exclusive or with one byte within) to a program, a script that runs commands, a pickle that imports something, or one of the addresses of the other rules. Attackers encode payloads so that a search for them fails.',
  remedy: 'Decode it as the message says, and find out which program reads it. A model needs no program in its texts.',
  ...REFERENCES,
  cwe: ['CWE-506', 'CWE-502'],
};

export const exfiltrationRules: readonly Rule[] = [
  ENDPOINT,
  RAW_ADDRESS,
  METADATA_SERVICE,
  REVERSE_SHELL,
  ENCODED_PAYLOAD,
];
