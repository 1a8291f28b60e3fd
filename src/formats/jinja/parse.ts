import { AssayError } from '../../core/index.ts';
import { ExpressionParser } from './expressions.ts';
import { lexTemplate, malformed, type Part } from './lexer.ts';
import type { Binding, Expression, Template, TemplateStatement } from './tree.ts';

/** Characters of one template; the longest that models ship has 20,000. */
const MAX_TEMPLATE = 512 * 1024;

/**
 * Reads a Jinja template into its statements and expressions, and runs nothing of it. Blocks need not be closed in order: what
 * is read is a superset of what Jinja2 reads.
 * @throws AssayError `malformed`, `limit`
 */
export function readTemplate(text: string): Template {
  if (text.length > MAX_TEMPLATE) throw new AssayError('limit', `a template of more than ${MAX_TEMPLATE} characters`);
  const statements: TemplateStatement[] = [];
  const data: string[] = [];
  for (const part of lexTemplate(text)) {
    if (part.kind === 'data') data.push(part.text);
    else statements.push(readStatement(part));
  }
  return { statements, data };
}

function readStatement(part: Exclude<Part, { kind: 'data' }>): TemplateStatement {
  const parser = new ExpressionParser(part.tokens, part.at);
  const statement = part.kind === 'print' ? printed(parser, part.at) : tagged(parser, part.at);
  if (!parser.done) throw malformed('text after the end of a statement', parser.at);
  return statement;
}

function printed(parser: ExpressionParser, at: number): TemplateStatement {
  return { tag: 'print', expressions: [parser.tuple()], bindings: [], at };
}

function tagged(parser: ExpressionParser, at: number): TemplateStatement {
  const tag = parser.name();
  switch (tag) {
    case 'for':
      return loop(parser, at);
    case 'set':
      return assignment(parser, at);
    case 'macro':
      return macro(parser, at);
    case 'if':
    case 'elif':
      return { tag, expressions: [parser.tuple()], bindings: [], at };
    default:
      // Other statements take no expressions; the expressions of unknown statements are not read, and a template with them is
      // not plain.
      return { tag, expressions: [], bindings: [], at };
  }
}

function targets(parser: ExpressionParser): string[] {
  const names: string[] = [];
  let open = 0;
  do {
    while (parser.take('operator', '(')) open++;
    let name = parser.name();
    if (parser.take('operator', '.')) name += `.${parser.name()}`;
    names.push(name);
    while (open > 0 && parser.take('operator', ')')) open--;
  } while (parser.take('operator', ','));
  return names;
}

function loop(parser: ExpressionParser, at: number): TemplateStatement {
  const names = targets(parser);
  parser.need('name', 'in');
  const over = parser.expression(false);
  const expressions = [over];
  if (parser.take('name', 'if')) expressions.push(parser.expression());
  parser.take('name', 'recursive');
  const bindings = names.map((name): Binding => ({ name, how: 'item', value: over }));
  return { tag: 'for', expressions, bindings, at };
}

function assignment(parser: ExpressionParser, at: number): TemplateStatement {
  const names = targets(parser);
  const bind = (value: Expression | undefined): Binding[] => names.map((name) => ({ name, how: 'value', value }));
  if (parser.take('operator', '=')) {
    const value = parser.tuple();
    return { tag: 'set', expressions: [value], bindings: bind(names.length === 1 ? value : undefined), at };
  }
  const filters: Expression[] = [];
  for (let place = parser.at; parser.take('operator', '|'); place = parser.at)
    filters.push(parser.filter(undefined, place));
  return { tag: 'set', expressions: filters, bindings: bind(undefined), at };
}

function macro(parser: ExpressionParser, at: number): TemplateStatement {
  const own = parser.name();
  parser.need('operator', '(');
  const bindings: Binding[] = [{ name: own, how: 'value', value: undefined }];
  const expressions: Expression[] = [];
  while (!parser.take('operator', ')')) {
    if (bindings.length > 1) parser.need('operator', ',');
    const name = parser.name();
    bindings.push({ name, how: 'parameter', value: undefined });
    if (parser.take('operator', '=')) expressions.push(parser.expression());
  }
  return { tag: 'macro', expressions, bindings, at };
}
