import { BERT, CAMEMBERT, ROBERTA, XLM_ROBERTA } from './bert.ts';
import { DISTILBERT } from './distilbert.ts';
import { GPT2 } from './gpt2.ts';
import { LLAMA, MISTRAL, QWEN2 } from './llama.ts';
import type { ModelTemplate } from './template.ts';
import { VIT } from './vit.ts';

export { type ModelTemplate, TemplateContext } from './template.ts';

/** Every family that is known, by its `model_type`. */
export const TEMPLATES: Readonly<Record<string, ModelTemplate>> = {
  bert: BERT,
  camembert: CAMEMBERT,
  distilbert: DISTILBERT,
  gpt2: GPT2,
  llama: LLAMA,
  mistral: MISTRAL,
  qwen2: QWEN2,
  roberta: ROBERTA,
  vit: VIT,
  'xlm-roberta': XLM_ROBERTA,
};
