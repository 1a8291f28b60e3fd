import type { GlobalPolicy } from '../../lists/index.ts';
import { codePath } from '../../text/index.ts';
import { judgeTorchOperator, type TorchJudgement } from '../operators.ts';

const WORDS = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));
/** Functions that torch.export writes for sizes, by their module (torch/_export/serde/serialize.py, _SYM_OPS). */
const FUNCTIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  _operator: WORDS(
    'eq ne le ge lt gt neg pos mul add sub floordiv mod pow truediv and_ or_ xor not_ lshift rshift getitem index',
  ),
  math: WORDS('trunc ceil floor sqrt cos cosh sin sinh tan tanh asin acos atan log2 exp pow'),
  torch:
    WORDS(`sym_not sym_int sym_float sym_ite sym_max sym_min sym_sqrt sym_sum _sym_sqrt _sym_cos _sym_cosh _sym_sin _sym_sinh _sym_tan
    _sym_tanh _sym_asin _sym_acos _sym_atan _sym_log2`),
};
/** Operators that run graphs of the program itself (torch/_higher_order_ops). */
const HIGHER_ORDER =
  WORDS(`cond while_loop map map_impl scan associative_scan wrap wrap_with_set_grad_enabled wrap_with_autocast strict_mode
  out_dtype auto_functionalized auto_functionalized_v2 invoke_subgraph tag_activation_checkpoint wrap_activation_checkpoint flex_attention
  flex_attention_backward run_const_graph with_effects hints_wrapper`);
const ALLOWED: TorchJudgement = { kind: 'allowed' };
const UNLISTED: TorchJudgement = { kind: 'unlisted' };

/**
 * What a node of an exported program calls. PyTorch walks from `torch`, `_operator` or `math` along the names, whatever they are.
 * @param target `torch.ops.aten.add.Tensor`
 */
export function judgeTarget(target: string, globals: GlobalPolicy): TorchJudgement {
  const parts = target.split('.');
  const [root = '', second = '', third = '', fourth = '', overload] = parts;
  if (parts.length === 2 && Object.hasOwn(FUNCTIONS, root) && FUNCTIONS[root]?.has(second) === true) return ALLOWED;
  if (root === 'torch' && second === 'ops') {
    if (third === 'higher_order') return parts.length === 4 && HIGHER_ORDER.has(fourth) ? ALLOWED : UNLISTED;
    const judgement = judgeTorchOperator(third, fourth, overload === 'default' ? '' : overload);
    if (judgement.kind === 'refused' || parts.length === 5) return judgement;
    return UNLISTED;
  }
  const path = codePath(target, globals);
  return path.kind === 'dangerous' ? { kind: 'refused', does: path.danger, malicious: true } : UNLISTED;
}
