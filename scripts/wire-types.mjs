// Counts the types that cross a wire and are declared more than once: the objects that the schemas of the API, of an assessment and
// of a report declare. Declared again is an object that has the same properties: in an interface, in a type, or in a schema of any
// library. Of an assessment and of a report, of which readers take a part, three properties of four are enough in a schema.
import ts from 'typescript';

/** Objects of fewer properties are alike by chance. */
const LEAST = 4;
const MAKERS = new Set(['object', 'objectOf', 'strictObject', 'looseObject', 'Object']);
const WIRE = /^src\/(?:registry\/api|core\/assessment\/schema|report\/schema)\//;
/** Not a waiver: a request for one has most of its properties, and bounds of its own. */
const REPORT = /^src\/(?:core\/assessment|report)\/schema\/(?!decision\.ts$)/;

/** @returns the names of those that are declared more than once, each with its places */
export function wireTypesDeclaredAgain(texts) {
  const all = [...texts].flatMap(([file, text]) => objectsOf(file, text));
  return all
    .filter(({ file, isSchema }) => isSchema && WIRE.test(file))
    .flatMap((type) => {
      const isAgain = (one) => same(one, type) || (REPORT.test(type.file) && one.isSchema && alike(one, type));
      return again(
        type,
        all.filter((one) => one !== type && isAgain(one)),
      );
    });
}

function again(type, others) {
  const places = others.map(({ file, line }) => `${file}:${line}`);
  return places.length === 0 ? [] : [`${type.name}: ${type.file}, ${places.join(', ')}`];
}

function same(a, b) {
  return a.keys.size === b.keys.size && shared(a, b) === a.keys.size;
}

function alike(part, whole) {
  const common = shared(part, whole);
  return common / part.keys.size >= 0.75 && common / whole.keys.size >= 0.75;
}

function shared(a, b) {
  return [...a.keys].filter((key) => b.keys.has(key)).length;
}

function objectsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, members, isSchema) => {
    const keys = new Set(
      members.flatMap(({ name }) => (name === undefined ? [] : [name.getText().replace(/['"]/g, '')])),
    );
    if (keys.size < LEAST) return;
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push({ file, line: line + 1, name: nameOf(node), keys, isSchema });
  };
  const visit = (node) => {
    if (ts.isInterfaceDeclaration(node)) add(node, node.members, false);
    else if (ts.isTypeLiteralNode(node)) add(node, node.members, false);
    else if (ts.isCallExpression(node) && MAKERS.has(node.expression.getText().replace(/^.*\./, ''))) {
      const [given] = node.arguments;
      if (given !== undefined && ts.isObjectLiteralExpression(given)) add(node, given.properties, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What the object is, or what it is a part of, is called. */
function nameOf(node) {
  for (let at = node; at !== undefined; at = at.parent)
    if (at.name !== undefined && ts.isIdentifier(at.name)) return at.name.text;
  return 'an object';
}
