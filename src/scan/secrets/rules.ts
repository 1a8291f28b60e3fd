import type { Rule } from '../scanner/index.ts';

const REFERENCES = { owasp: ['ML05:2023', 'ML06:2023'], atlas: ['AML.T0055'], cwe: ['CWE-798', 'CWE-522'] } as const;
const REMEDY =
  'Revoke it at the service that issued it: whoever has downloaded the file has it, and a deletion does not take it back. Then remove it from the file and from the history of the repository.';

export const PRIVATE_KEY: Rule = {
  id: 'secret.private-key',
  title: 'A file holds a private key',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The file holds a private key (PEM, OpenSSH or PuTTY) whose body decodes as one. Whoever has the file can sign, decrypt or log in as the owner of the key.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const CLOUD_KEY: Rule = {
  id: 'secret.cloud-key',
  title: 'A file holds credentials of a cloud',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The file holds a key id of AWS with its secret key, a service account of Google Cloud, or a key or shared access signature of Azure Storage. They have the exact form that the provider gives them, and are not an example of its documentation.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const TOKEN: Rule = {
  id: 'secret.token',
  title: 'A file holds an access token',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The file holds a token of the Hugging Face Hub, GitHub, GitLab, PyPI, npm, OpenAI, Anthropic, Slack, Stripe or another service, or a signed JSON Web Token. It has the exact form that the service gives its tokens, and its checksum where the form has one. Whoever has the file can act as the owner of the token.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const WEBHOOK: Rule = {
  id: 'secret.webhook',
  title: 'A file holds the address of a webhook',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The file holds the secret address of an incoming webhook of Slack, Discord or Teams: whoever has the address can post there. Programs that steal data also send it to such addresses.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const PASSWORD: Rule = {
  id: 'secret.password',
  title: 'A file holds a password',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The file holds a password in the address of a database or of a server, in the form of .netrc or .git-credentials, or as a setting of a .env file. Words that stand for a password, such as `changeme` or the name of a variable, do not count.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const secretRules: readonly Rule[] = [PRIVATE_KEY, CLOUD_KEY, TOKEN, WEBHOOK, PASSWORD];
