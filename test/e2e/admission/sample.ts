import { type Model, SERVER_DIGEST } from './models.ts';

/** An object of a kind that names one model in one place, as its documentation shows it. */
export interface Sample {
  /** Ids of the rows of the tables that it covers. */
  readonly rows: readonly string[];
  /** `group/Kind`. */
  readonly kind: string;
  /** The variant, where a kind has several. */
  readonly title?: string;
  /** Everything but `apiVersion`, `kind` and the name. */
  readonly body: (model: Model) => Readonly<Record<string, unknown>>;
  /** The reference to the model, as in messages. */
  readonly says: (model: Model) => string;
  /** The reference is training data, which is reported and not decided on. */
  readonly isData?: true;
}

/** An object that can never be approved: it does not contain what it loads, or cannot pin it. */
export interface Refused {
  readonly rows: readonly string[];
  readonly kind: string;
  readonly title?: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The text that the refusal must contain. */
  readonly says: RegExp;
}

export const hub = ({ hub: reference }: Model) => reference;
export const oci = ({ image }: Model) => `oci://${image}`;
export const s3 = ({ s3: reference }: Model) => reference;

const VLLM = `vllm/vllm-openai@${SERVER_DIGEST}`;

/** A container that serves a model with vLLM. */
export function vllm({ repo, commit }: Model, more: object = {}): Readonly<Record<string, unknown>> {
  return { name: 'server', image: VLLM, args: ['--model', repo, '--revision', commit], ...more };
}

/** A container that trains from a model. */
export function trainer({ repo, commit }: Model, name: string): Readonly<Record<string, unknown>> {
  const args = ['train.py', '--model_name_or_path', repo, '--model_revision', commit];
  return { name, image: 'ghcr.io/acme/train:7', command: ['python', ...args] };
}

export const podSpec = (model: Model) => ({ containers: [vllm(model)] });

/** A template with labels that a selector matches. */
export const LABELS = { app: 'llm' };
export const template = (spec: object, metadata: object = {}) => ({ metadata: { labels: LABELS, ...metadata }, spec });
