import { ExpressionError } from './expression-error.ts';

const TOKEN =
  /(?<space>(?:[\t\n\f\r ]|\/\/[^\n]*)+)|(?<value>[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?''')|[rR]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uU]?|0[xX][0-9A-Fa-f]+[uU]?)|(?<name>[A-Za-z_]\w*)|(?<symbol>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}])/y;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const INSTEAD: Readonly<Record<string, string>> = {
  '=': '==',
  '&': '&&',
  '|': '||',
  '"': 'a closing "',
  "'": "a closing '",
};

/**
 * The place of the error in an expression that the library refuses. The library itself tells where the last whole part before
 * ends:
 * of `files.all(f, f.size == )` the name `files`.
 */
export function syntaxErrorOf(text: string, error: unknown): ExpressionError {
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return new ExpressionError(0, 'the expression is nested too deep', 'split it into variables');
  }
  return new Walker(text).problem() ?? fromLibrary(error);
}

function fromLibrary(error: unknown): ExpressionError {
  const message = error instanceof Error ? error.message.replace(/^<input>:\d+:\d+: /, '') : String(error);
  const at = error instanceof Error && 'location' in error ? offsetOf(error.location) : 0;
  return new ExpressionError(at, `this is not CEL: ${message}`);
}

function offsetOf(location: unknown): number {
  const start = typeof location === 'object' && location !== null && 'start' in location ? location.start : undefined;
  const offset = typeof start === 'object' && start !== null && 'offset' in start ? start.offset : undefined;
  return typeof offset === 'number' ? offset : 0;
}

/** Goes through the tokens, and tracks whether a value or an operator must follow. */
class Walker {
  readonly #text: string;
  readonly #open: { readonly symbol: string; readonly at: number }[] = [];
  #wantsValue = true;
  /** The last token was an opening bracket or a comma: a closing one may follow. */
  #mayClose = false;
  #afterPoint = false;
  #afterName = false;

  constructor(text: string) {
    this.#text = text;
  }

  problem(): ExpressionError | undefined {
    for (let at = 0; at < this.#text.length; ) {
      TOKEN.lastIndex = at;
      const found = TOKEN.exec(this.#text);
      if (found === null) return this.#meaningless(at);
      const [token] = found;
      const problem =
        found.groups?.space === undefined ? this.#step(token, at, found.groups?.symbol === undefined) : undefined;
      if (problem !== undefined) return problem;
      at += token.length;
    }
    const unclosed = this.#open.at(-1);
    if (this.#wantsValue) return new ExpressionError(this.#text.length, 'the expression ends where a value should be');
    return (
      unclosed &&
      new ExpressionError(unclosed.at, `${unclosed.symbol} is not closed`, `add ${CLOSING[unclosed.symbol]}`)
    );
  }

  #meaningless(at: number): ExpressionError {
    const [character = ''] = this.#text.slice(at);
    const instead = INSTEAD[character];
    return new ExpressionError(
      at,
      `${character} is not allowed here`,
      instead === undefined ? 'remove it' : `write ${instead}`,
    );
  }

  #step(token: string, at: number, isOperand: boolean): ExpressionError | undefined {
    const [afterPoint, afterName, mayClose] = [this.#afterPoint, this.#afterName, this.#mayClose];
    this.#afterPoint = this.#afterName = this.#mayClose = false;
    if (isOperand && token !== 'in') {
      if (!this.#wantsValue) return unexpected(token, at, 'an operator');
      if (afterPoint && !/^[A-Za-z_]/.test(token)) return unexpected(token, at, 'the name of a field');
      this.#afterName = /^[A-Za-z_]\w*$/.test(token);
      this.#wantsValue = false;
      return undefined;
    }
    if (afterPoint) return unexpected(token, at, 'the name of a field');
    if (token in CLOSING) return this.#opening(token, at, afterName);
    if (/^[)\]}]$/.test(token)) return this.#closing(token, at, mayClose);
    if (this.#wantsValue) {
      if (token === '!' || token === '-') return undefined;
      return token === '.' ? this.#point() : unexpected(token, at, 'a value');
    }
    if (token === '!') return unexpected(token, at, 'an operator');
    if (token === ',') {
      if (this.#open.length === 0) return unexpected(token, at, 'an operator or the end');
      this.#mayClose = true;
    }
    return token === '.' ? this.#point() : this.#operator();
  }

  #point(): undefined {
    this.#afterPoint = true;
    this.#wantsValue = true;
  }

  #operator(): undefined {
    this.#wantsValue = true;
  }

  #opening(symbol: string, at: number, afterName: boolean): ExpressionError | undefined {
    const isCall = symbol === '(' && afterName;
    if (!this.#wantsValue && !isCall && symbol !== '[') return unexpected(symbol, at, 'an operator');
    this.#mayClose = this.#wantsValue || isCall;
    this.#open.push({ symbol, at });
    this.#wantsValue = true;
    return undefined;
  }

  #closing(symbol: string, at: number, mayClose: boolean): ExpressionError | undefined {
    const opened = this.#open.pop();
    if (opened === undefined || CLOSING[opened.symbol] !== symbol) {
      const wanted = opened === undefined ? 'an operator or the end' : (CLOSING[opened.symbol] ?? '');
      return unexpected(symbol, at, wanted);
    }
    if (this.#wantsValue && !mayClose) return unexpected(symbol, at, 'a value');
    this.#wantsValue = false;
    return undefined;
  }
}

function unexpected(token: string, at: number, wanted: string): ExpressionError {
  return new ExpressionError(at, `expected ${wanted} instead of ${token}`);
}
