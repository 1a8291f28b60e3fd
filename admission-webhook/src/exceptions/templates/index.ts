import { DAPR } from './dapr.ts';
import { FLUENT_BIT } from './fluent-bit.ts';
import { ISTIO } from './istio.ts';
import { KUBERAY } from './kuberay.ts';
import { LWS } from './lws.ts';
import { NATS } from './nats.ts';
import { OLLAMA } from './ollama.ts';
import { OTEL_COLLECTOR } from './otel-collector.ts';
import { TEKTON } from './tekton.ts';
import type { ExceptionTemplate } from './template.ts';
import { TRAINJOB } from './trainjob.ts';
import { VAULT_AGENT } from './vault-agent.ts';
import { VLLM_STACK } from './vllm-stack.ts';

export type { ExceptionTemplate } from './template.ts';

/** What exceptions can name in place of words of their own. */
export const EXCEPTION_TEMPLATES: readonly ExceptionTemplate[] = [
  KUBERAY,
  TRAINJOB,
  FLUENT_BIT,
  OLLAMA,
  VLLM_STACK,
  VAULT_AGENT,
  OTEL_COLLECTOR,
  ISTIO,
  DAPR,
  TEKTON,
  LWS,
  NATS,
];
