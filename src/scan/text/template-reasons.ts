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

export const PUTS_TEXT_TOGETHER = same('puts text together with %');
export const FORMATS_TEXT = same('puts text together with format');
export const MAKES_CHARACTERS = same('has the text %c, which makes characters of numbers');
export const COMPUTED_ITEM = same('asks for an item whose name it puts together');
export const COMPUTED_ATTRIBUTE = same('asks for an attribute whose name it puts together');

export function hasName(name: string): TemplateReason {
  return same(`names ${short(name)}`);
}

/** In a text that is not read to its end. */
export function holdsName(name: string): TemplateReason {
  return same(`names ${name}`);
}

export function hasText(text: string): TemplateReason {
  return same(`has the text ${short(text)}`);
}

export function asksForAttribute(name: string): TemplateReason {
  return same(`asks for the attribute ${short(name)}`);
}

export function asksByFilter(name: string): TemplateReason {
  return same(`asks for the attribute ${short(name)} with a filter`);
}

export function repeatsMoreThan(times: number): TemplateReason {
  return same(`repeats something more than ${times} times`);
}

export function short(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function same(text: string): TemplateReason {
  return { subject: text, what: text };
}
