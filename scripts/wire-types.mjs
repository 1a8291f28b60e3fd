// Counts the types that cross a wire and are declared more than once. Those of the API are the objects that `src/registry/api` and
// a decision in `src/core/assessment` declare; those of the report stand in its schema. Declared again is an object that has the
// same properties: in an interface, in a type, or in a schema of any library. Of the report, of which readers take a part, only
// schemas count, and three properties of four are enough: its writers build it out of the nouns of `core`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Objects of fewer properties are alike by chance. */
const LEAST = 4;
const MAKERS = new Set(['object', 'objectOf', 'strictObject', 'looseObject', 'Object']);
const API = /^src\/(?:registry\/api\/|core\/assessment\/decision\.ts$)/;
const REPORT = 'src/report/schema/report-v1.json';

/** @returns the names of those that are declared more than once, each with its places */
export function wireTypesDeclaredAgain(root, texts) {
  const all = [...texts].flatMap(([file, text]) => objectsOf(file, text));
  const api = all.filter(({ file, isSchema }) => isSchema && API.test(file));
  const report = reportObjects(JSON.parse(readFileSync(join(root, REPORT), 'utf8')));
  return [
    ...api.flatMap((type) =>
      again(
        type,
        all.filter((one) => one !== type && same(one, type)),
      ),
    ),
    ...report.flatMap((type) =>
      again(
        type,
        all.filter((one) => one.isSchema && alike(one, type)),
      ),
    ),
  ];
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

function reportObjects(schema, name = 'report') {
  if (typeof schema !== 'object' || schema === null) return [];
  const keys = new Set(Object.keys(schema.properties ?? {}));
  const own = keys.size >= LEAST ? [{ file: REPORT, name, keys }] : [];
  return [
    ...own,
    ...Object.entries(schema).flatMap(([key, value]) => reportObjects(value, key === 'items' ? name : key)),
  ];
}
