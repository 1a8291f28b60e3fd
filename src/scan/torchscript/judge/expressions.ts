/** How a text that PyTorch evaluates with Python is judged: `plain` only computes, `code` holds what no size or guard needs. */
export type EvaluatedText = 'plain' | 'odd' | 'code';

const MAX_TEXT = 100_000;
const WORDS = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));
/** Functions and classes of SymPy and of torch/utils/_sympy/functions.py, and the assumptions of symbols. */
const SYMPY =
  WORDS(`Symbol Integer Rational Float Add Mul Pow Max Min Mod Abs Eq Ne Lt Le Gt Ge And Or Not Xor ITE Piecewise floor ceiling
  sqrt FloorDiv ModularIndexing Where PythonMod CleanDiv CeilDiv CeilToInt FloorToInt TruncToInt TruncToFloat RoundToInt RoundDecimal ToFloat
  IntTrueDiv FloatTrueDiv PowByNatural FloatPow LShift RShift BitwiseFn_bitwise_and BitwiseFn_bitwise_or Identity IsNonOverlappingAndDenseIndicator
  Relational Equality Unequality LessThan StrictLessThan GreaterThan StrictGreaterThan StrictGreaterThan true false oo int_oo True False None
  positive integer nonnegative nonzero negative real precision evaluate`);
const GUARD = WORDS(
  'L and or not is None True False math inf isnan size stride storage_offset shape dtype device torch',
);
const SYMBOL = /^[a-z]{1,12}_?\d{1,6}$/;
const TOKEN =
  /([A-Za-z_]\w*)|(\d+(?:\.\d*)?(?:e[+-]?\d{1,3})?)|'([\w. ]{0,200})'|(\*\*|\/\/|[<>=!]=|[-+*/%()[\],<>=&|~.])|([ \t]+)/y;
/** What SymPy computes with whole numbers may have no end in sight: small exponents only. */
const POWERS = /\*\*|\bPow\(|\bPowByNatural\(|\bFloatPow\(|\bLShift\(|<</g;
const SMALL_POWER = /\*\*\s?\(?-?\d{1,2}(?!\d)|Pow\((?:[^()]|\([^()]*\))*, ?Integer\(-?\d{1,2}\)\)/;

/**
 * A size as SymPy writes it (`2*s0`, `Mul(Integer(2), Symbol('s0', positive=True))`), which `sympy.sympify` evaluates: names of its
 * functions, symbols, numbers, and no attributes.
 */
export function judgeExpression(text: string): EvaluatedText {
  return judge(text, (word) => SYMPY.has(word) || SYMBOL.test(word), false);
}

/** A guard, of which torch.export makes a function: `L['x'].size()[0] <= 8`. */
export function judgeGuard(text: string): EvaluatedText {
  return judge(text, (word) => GUARD.has(word) || SYMPY.has(word) || SYMBOL.test(word), true);
}

function judge(text: string, isKnown: (word: string) => boolean, attributes: boolean): EvaluatedText {
  if (text.length > MAX_TEXT) return 'odd';
  let afterDot = false;
  let odd = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return 'code';
    const [, word, number, , sign] = match;
    if (word !== undefined && !isKnown(word)) {
      if (word.includes('__') || afterDot || text[TOKEN.lastIndex] === '(' || text[TOKEN.lastIndex] === '.')
        return 'code';
      odd = true;
    }
    if (sign === '.' && !attributes) return 'code';
    if (number !== undefined && number.length > 25) odd = true;
    if (word !== undefined || number !== undefined || sign !== undefined) afterDot = sign === '.';
  }
  const powers = text.match(POWERS)?.length ?? 0;
  if (powers > 1 || (powers === 1 && !SMALL_POWER.test(text))) odd = true;
  return odd ? 'odd' : 'plain';
}
