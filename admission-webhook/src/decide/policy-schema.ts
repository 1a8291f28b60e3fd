import {
  ANY,
  BOOL_TYPE,
  INT_TYPE,
  listOf,
  mapOf,
  optional,
  STRING,
  type Type,
  unionOf,
  type ViewField,
} from '../../../src/policy/index.ts';
import { MODES, OUTCOMES } from '../rules.ts';

/** What rules of the webhook's configuration may look at. A field that changes its meaning gets another name. */

function field(type: Type, about: string): ViewField {
  return { type, about };
}

const REQUEST: Type = {
  kind: 'record',
  name: 'the request',
  fields: {
    operation: field(unionOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'), 'The requested operation.'),
    group: field(STRING, 'API group of the kind; empty for the core group.'),
    version: field(STRING, 'Version of the API group.'),
    kind: field(STRING, 'Kind: "Deployment".'),
    resource: field(STRING, 'Plural name of the resource: "deployments".'),
    subResource: field(STRING, 'The subresource: "ephemeralcontainers"; empty for the object itself.'),
    namespace: field(STRING, 'The namespace; empty for a cluster-scoped object.'),
    name: field(STRING, 'The name of the object; empty when the API server generates it later.'),
    username: field(STRING, 'The user of the request.'),
    groups: field(listOf(STRING), 'The groups of that user.'),
    dryRun: field(BOOL_TYPE, 'Whether the request is a dry run.'),
    labels: field(mapOf(STRING), 'Labels of the object.'),
    annotations: field(mapOf(STRING), 'Annotations of the object.'),
  },
};

const REFERENCE: Type = {
  kind: 'record',
  name: 'a reference',
  fields: {
    reference: field(STRING, 'The reference in canonical form: "hf://acme/bert@<commit>".'),
    scheme: field(STRING, 'The kind of source: "hf", "oci", "s3", "pvc"; empty for a path.'),
    role: field(
      unionOf('model', 'tokenizer', 'lora', 'draft', 'code', 'dataset', 'image'),
      'The role of the loaded bytes.',
    ),
    revision: field(optional(STRING), 'Branch, tag, commit or version; null when none is given.'),
    pinned: field(BOOL_TYPE, 'Whether the reference always identifies the same bytes.'),
    endpoint: field(optional(STRING), 'The server in place of the well-known one; null for that one.'),
    trustRemoteCode: field(BOOL_TYPE, 'Whether code of the model runs.'),
    codeRevision: field(optional(STRING), 'Revision of that code; null when none is given.'),
    loadFormat: field(optional(STRING), 'The load format; null where the loader chooses.'),
    offline: field(BOOL_TYPE, 'Whether the loader reads it from a cache only.'),
    where: field(STRING, 'JSON pointer into the object.'),
    container: field(optional(STRING), 'Name of the container; null outside one.'),
    via: field(STRING, 'Row of the table that found it: "vllm".'),
  },
};

const IMAGE: Type = {
  kind: 'record',
  name: 'an image',
  fields: {
    reference: field(STRING, '"oci://registry/repository:tag", or @sha256:...'),
    pinned: field(BOOL_TYPE, 'Whether it is named by its digest.'),
    where: field(STRING, 'JSON pointer into the object.'),
    container: field(optional(STRING), 'Name of the container.'),
  },
};

const UNRESOLVED: Type = {
  kind: 'record',
  name: 'a place that may name a model',
  fields: {
    where: field(STRING, 'JSON pointer into the object.'),
    why: field(STRING, 'Why the model is unknown.'),
  },
};

const RULE: Type = {
  kind: 'record',
  name: 'the rule of the namespace',
  fields: {
    mode: field(unionOf(...MODES), 'The effect of refusals.'),
    stage: field(optional(STRING), 'The stage of its objects; null for any stage.'),
  },
};

/** Everything an expression can name. */
export const ADMISSION_VIEW: Readonly<Record<string, ViewField>> = {
  request: field(REQUEST, 'The request of the API server.'),
  references: field(listOf(REFERENCE), 'Models, tokenizers, adapters, code and data that the object names.'),
  unresolved: field(listOf(UNRESOLVED), 'Places that may name a model, but cannot be resolved.'),
  images: field(listOf(IMAGE), 'Images of its containers.'),
  podSpecs: field(INT_TYPE, 'The number of its PodSpecs.'),
  rule: field(RULE, 'The settings of its namespace.'),
  outcomes: field(listOf(unionOf(...OUTCOMES)), 'The outcomes for it, each once.'),
  object: field(ANY, 'The object itself, as JSON.'),
};

export const ADMISSION_TYPES: Readonly<Record<string, Type>> = Object.fromEntries(
  Object.entries(ADMISSION_VIEW).map(([name, { type }]) => [name, type]),
);
