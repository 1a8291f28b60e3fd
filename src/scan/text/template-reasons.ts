/** Why a template is not plain. The subject is part of fingerprints: it never changes. `what` follows "The template". */
export interface TemplateReason {
  readonly subject: string;
  readonly what: string;
}

const MAX_REASONS = 20;
const MAX_SHOWN = 60;

/** Reasons in the order in which they were found, each once. */
export class TemplateReasons {
  readonly #reasons = new Map<string, TemplateReason>();

  add(reason: TemplateReason): void {
    this.#reasons.set(reason.subject, reason);
  }

  first(): readonly TemplateReason[] {
    return [...this.#reasons.values()].slice(0, MAX_REASONS);
  }
}

export const PUTS_TEXT_TOGETHER = reason('puts text together with %', 'builds text with the operator %');
export const FORMATS_TEXT = reason('puts text together with format', 'builds text with the filter format');
export const MAKES_CHARACTERS = reason(
  'has the text %c, which makes characters of numbers',
  'holds the text %c, which turns numbers into characters',
);
export const COMPUTED_ITEM = reason(
  'asks for an item whose name it puts together',
  'reads an item by a name that it builds from parts',
);
export const COMPUTED_ATTRIBUTE = reason(
  'asks for an attribute whose name it puts together',
  'reads an attribute by a name that it builds from parts',
);

export function hasName(name: string): TemplateReason {
  return reason(`names ${short(name)}`, `uses the name ${short(name)}`);
}

/** In a text that is not read to its end. */
export function holdsName(name: string): TemplateReason {
  return reason(`names ${name}`, `uses the name ${name}`);
}

export function hasText(text: string): TemplateReason {
  return reason(`has the text ${short(text)}`, `holds the text ${short(text)}`);
}

export function asksForAttribute(name: string): TemplateReason {
  return reason(`asks for the attribute ${short(name)}`, `reads the attribute ${short(name)}`);
}

export function asksByFilter(name: string): TemplateReason {
  return reason(
    `asks for the attribute ${short(name)} with a filter`,
    `reads the attribute ${short(name)} with the filter attr`,
  );
}

export function repeatsMoreThan(times: number): TemplateReason {
  return reason(`repeats something more than ${times} times`, `loops more than ${times} times`);
}

export function callsItself(macro: string): TemplateReason {
  return reason(
    `calls the macro ${short(macro)} in itself`,
    `calls the macro ${short(macro)} in itself with nothing smaller`,
  );
}

export function doubles(name: string): TemplateReason {
  return reason(`doubles ${short(name)}`, `joins ${short(name)} with itself again and again`);
}

export function short(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function reason(subject: string, what: string): TemplateReason {
  return { subject, what };
}
