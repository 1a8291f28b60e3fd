import { describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { isAssayError } from '../../../src/core/errors.ts';

const head = 'apiVersion: assay.dev/v1\nkind: AdmissionConfig\n';
const read = (spec: string) => readAdmissionConfig(`${head}spec:\n${spec}`, 'gate.yaml');

/** The one-line error that a user sees. */
function refusal(text: string): string {
  try {
    readAdmissionConfig(text, 'gate.yaml');
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'usage') throw error;
    return `${error.subject}: ${error.message}; ${error.hint}`;
  }
  return 'it was read';
}

describe('a configuration', () => {
  it('sets rules by namespace', () => {
    const config = read(`
  defaults:
    mode: warn
    stage: staging
    actions: { unpinned: audit }
  expired: warn
  namespaces:
    - names: [llm, "chat"]
      mode: enforce
      stage: production
    - labels: { team: vision, tier: "" }
      actions:
        none: deny
  mutation:
    pin: rewrite
    kinds: [Deployment.apps, Pod]
    fetch: { image: "reg.io/assay@sha256:${'a'.repeat(64)}" }
  serviceUrl: https://assay.example/
  ownNamespace: assay-system
  policies:
    - id: digests
      expression: images.all(i, i.pinned)
      message: name images by digest
      action: warn
`);
    expect(config).toMatchObject({
      defaults: { mode: 'warn', stage: 'staging', actions: { unpinned: 'audit', expired: 'warn' } },
      namespaces: [
        { names: ['llm', 'chat'], mode: 'enforce', stage: 'production' },
        { labels: { team: 'vision', tier: '' }, actions: { none: 'deny' } },
      ],
      mutation: {
        pin: 'rewrite',
        kinds: ['Deployment.apps', 'Pod'],
        fetch: { image: `reg.io/assay@sha256:${'a'.repeat(64)}` },
      },
      serviceUrl: 'https://assay.example',
      ownNamespace: 'assay-system',
    });
  });

  it('can be empty', () => {
    expect(readAdmissionConfig(head, 'gate.yaml')).toMatchObject({ defaults: {}, namespaces: [], serviceUrl: null });
    expect(readAdmissionConfig(Buffer.from(`${head}metadata: { name: gate }\nspec: {}\n`), 'x')).toMatchObject({
      mutation: { pin: 'off', fetch: null },
    });
  });

  it.each<[string, string, string]>([
    ['an empty text', '', 'gate.yaml:1:1: the file is empty; write the keys apiVersion, kind, metadata, spec'],
    ['invalid YAML', 'a: [', 'gate.yaml:1:5: this is not YAML'],
    [
      'another kind',
      'apiVersion: assay.dev/v1\nkind: ModelPolicy\n',
      'gate.yaml:2:1: kind is not AdmissionConfig; write kind: AdmissionConfig',
    ],
    [
      'another version',
      'apiVersion: v1\nkind: AdmissionConfig\n',
      'gate.yaml:1:1: apiVersion is not assay.dev/v1; write apiVersion: assay.dev/v1',
    ],
    ['no kind', 'apiVersion: assay.dev/v1\n', 'an AdmissionConfig lacks kind; write kind: AdmissionConfig'],
    [
      'an unknown field',
      `${head}spec:\n  namespace: []\n`,
      'gate.yaml:4:3: spec has no namespace; did you mean namespaces?',
    ],
    [
      'a repeated field',
      `${head}spec:\n  expired: warn\n  expired: deny\n`,
      'gate.yaml:5:3: the key expired occurs twice; keep one',
    ],
    ['an alias', `${head}spec: &a\n  defaults: *a\n`, 'aliases are not supported; write the value itself'],
    [
      'an unknown mode',
      `${head}spec:\n  defaults:\n    mode: enfore\n`,
      'gate.yaml:5:5: enfore is not a valid value of mode; did you mean enforce?',
    ],
    ['an unknown action', `${head}spec:\n  expired: no\n`, 'gate.yaml:4:3: no is not a valid value of expired; '],
    [
      'an unknown outcome',
      `${head}spec:\n  defaults: { actions: { unlistd: deny } }\n`,
      'actions has no unlistd; did you mean unlisted?',
    ],
    [
      'an action for approved models',
      `${head}spec:\n  defaults: { actions: { approved: deny } }\n`,
      'approved models are never denied; use mode, or a policy',
    ],
    ['an invalid stage', `${head}spec:\n  defaults: { stage: Prod! }\n`, 'Prod! is not a stage; '],
    [
      'the expired action set in two places',
      `${head}spec:\n  expired: deny\n  defaults: { actions: { expired: warn } }\n`,
      'gate.yaml:4:3: expired is set here and in defaults.actions; keep one',
    ],
    [
      'names and labels',
      `${head}spec:\n  namespaces:\n    - { names: [a], labels: { b: c } }\n`,
      'gate.yaml:5:7: an item of namespaces has names or labels; write one of the two',
    ],
    [
      'neither names nor labels',
      `${head}spec:\n  namespaces:\n    - { mode: off }\n`,
      'gate.yaml:5:7: an item of namespaces has names or labels; write one of the two',
    ],
    [
      'a pattern as a name',
      `${head}spec:\n  namespaces:\n    - { names: ["team-*"] }\n`,
      'gate.yaml:5:17: team-* is not the name of a namespace; names are exact: use labels for several',
    ],
    ['no names', `${head}spec:\n  namespaces:\n    - { names: [] }\n`, 'names is empty: it matches nothing; name one'],
    ['invalid names', `${head}spec:\n  namespaces:\n    - { names: llm }\n`, 'names is not a list'],
    [
      'an invalid label',
      `${head}spec:\n  namespaces:\n    - { labels: { "a b": c } }\n`,
      'a b is not a name of a label; write it as Kubernetes does',
    ],
    [
      'no labels',
      `${head}spec:\n  namespaces:\n    - { labels: {} }\n`,
      'labels is not a mapping of names to values; write name: value',
    ],
    [
      'an address with a password',
      `${head}spec:\n  serviceUrl: https://u:p@x.example\n`,
      'gate.yaml:4:3: serviceUrl is not an address of a service; ',
    ],
    ['an invalid URL', `${head}spec:\n  serviceUrl: assay\n`, 'serviceUrl is not an address of a service; '],
    ['an invalid namespace', `${head}spec:\n  ownNamespace: A_b\n`, 'A_b is not an ownNamespace; '],
    [
      'an unknown pin',
      `${head}spec:\n  mutation: { pin: rewrit }\n`,
      'rewrit is not a valid value of pin; did you mean rewrite?',
    ],
    [
      'an invalid kind',
      `${head}spec:\n  mutation: { kinds: [apps/Deployment] }\n`,
      'apps/Deployment is not a kind and group; write Deployment.apps',
    ],
    [
      'a fetch without an image',
      `${head}spec:\n  mutation: { fetch: {} }\n`,
      'fetch lacks image; name the image of assay',
    ],
    ['an invalid image', `${head}spec:\n  mutation: { fetch: { image: "a b" } }\n`, 'a b is not an image; '],
    [
      'a policy without an expression',
      `${head}spec:\n  policies:\n    - { id: x, message: y }\n`,
      'gate.yaml:5:7: a policy lacks expression',
    ],
    [
      'two policies of the same name',
      `${head}spec:\n  policies:\n    - &p { id: x, message: y, expression: "true" }\n    - { id: x, message: y, expression: "true" }\n`,
      'gate.yaml:6:7: the policy x appears twice; rename one',
    ],
    [
      'an invalid expression',
      `${head}spec:\n  policies:\n    - id: x\n      message: y\n      expression: images.all(i, i.pined)\n`,
      'gate.yaml:7:34: an image has no field pined; did you mean pinned?',
    ],
    [
      'an expression that returns a string',
      `${head}spec:\n  policies:\n    - id: x\n      message: y\n      expression: request.kind\n`,
      'gate.yaml:7:19: the expression must return a boolean, but returns text',
    ],
    [
      'an outcome that does not exist',
      `${head}spec:\n  policies:\n    - id: x\n      message: y\n      expression: |\n        request.operation == "CREAT"\n`,
      'gate.yaml:8:27: "CREAT" is never the value; did you mean CREATE?',
    ],
    [
      'an unknown action of a policy',
      `${head}spec:\n  policies:\n    - { id: x, message: y, expression: "true", action: allow }\n`,
      'allow is not a valid value of action; use one of deny, warn, audit',
    ],
    ['several errors', `${head}spec:\n  a: 1\n  b: 2\n`, 'gate.yaml:4:3: spec has no a (and 1 more); '],
    ['too many bytes', `${head}#${' '.repeat(140_000)}`, 'the file has more than'],
  ])('with %s is refused in one line', (_, text, wanted) => {
    const line = refusal(text);
    expect(line).toContain(wanted);
    expect(line).toMatch(/^gate\.yaml:\d+:\d+: [^\n]+$/);
  });
});
