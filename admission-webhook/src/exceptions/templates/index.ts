import { FLUENT_BIT } from './fluent-bit.ts';
import { KUBERAY } from './kuberay.ts';
import { OLLAMA } from './ollama.ts';
import type { ExceptionTemplate } from './template.ts';
import { TRAINJOB } from './trainjob.ts';
import { VLLM_STACK } from './vllm-stack.ts';

export type { ExceptionTemplate } from './template.ts';

/** What exceptions can name in place of words of their own. */
export const EXCEPTION_TEMPLATES: readonly ExceptionTemplate[] = [KUBERAY, TRAINJOB, FLUENT_BIT, OLLAMA, VLLM_STACK];
