/** A type as TorchScript writes it, in its parts: `Dict[str, Tensor]`. */
export interface ScriptType {
  readonly name: string;
  readonly parts: readonly ScriptType[];
}

const MAX_DEPTH = 20;

/** The parts of a type, which has no spaces. What is nested too deep has no name. */
export function scriptTypeOf(text: string, depth = 0): ScriptType {
  const open = text.indexOf('[');
  if (open < 0 || !text.endsWith(']') || depth > MAX_DEPTH) return { name: open < 0 ? text : '', parts: [] };
  const parts: string[] = [];
  let [from, level] = [open + 1, 0];
  for (let at = open + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '[' || char === '(') level++;
    else if (level > 0 && (char === ']' || char === ')')) level--;
    else if (level === 0 && (char === ',' || char === ']')) {
      if (at > from) parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  const type = { name: text.slice(0, open), parts: parts.map((part) => scriptTypeOf(part, depth + 1)) };
  const [only] = type.parts;
  return (type.name === 'Optional' || type.name === 'Final') && only !== undefined ? only : type;
}

/** The type of an item of a list or tuple. */
export function itemType({ name, parts }: ScriptType, index: number): ScriptType {
  return (name === 'Tuple' ? parts[index] : parts.at(-1)) ?? { name: '', parts: [] };
}
