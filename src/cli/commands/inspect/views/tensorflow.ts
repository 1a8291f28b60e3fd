import type { FileBudget } from '../../../../core/index.ts';
import { readLiteModel } from '../../../../formats/tensorflow/lite/index.ts';
import {
  fieldMessage,
  fieldMessages,
  fieldText,
  type ProtoMessage,
  type TfRoot,
  type TfVisitor,
  walkTensorflow,
} from '../../../../formats/tensorflow/walk/index.ts';
import { count } from '../../../../report/index.ts';
import { liteOperatorName } from '../../../../scan/tensorflow/judge/index.ts';
import type { FormatView } from './listing.ts';

/** Bytes that one name costs which is kept. */
const KEPT = 96;

class GraphFacts implements TfVisitor {
  readonly operations: string[] = [];
  readonly functions: string[] = [];
  readonly signatures: string[] = [];
  readonly tags: string[] = [];
  readonly #budget: FileBudget;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  enter(): void {}

  leave(): void {}

  fault(): void {}

  part(holder: string, field: number, part: ProtoMessage): void {
    this.#budget.hold(KEPT);
    if (part.name === 'NodeDef') this.operations.push(fieldText(part, 2) ?? '(no name)');
    else if (holder === 'FunctionDef' && field === 1) this.functions.push(fieldText(part, 1) ?? '(no name)');
    else if (part.name.endsWith('MetaInfoDef')) for (const tag of tagsOf(part)) this.tags.push(tag);
    else if (part.name.endsWith('SignatureDefEntry')) this.signatures.push(signatureLine(part));
  }
}

function tagsOf(part: ProtoMessage): string[] {
  return (part.fields.get(4) ?? []).flatMap((value) => (value instanceof Uint8Array ? [textOf(value)] : []));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function signatureLine(part: ProtoMessage): string {
  const signature = fieldMessage(part, 2);
  const names = (field: number) =>
    signature === undefined
      ? ''
      : fieldMessages(signature, field)
          .map((entry) => fieldText(entry, 1) ?? '')
          .join(', ');
  return `${fieldText(part, 1) ?? ''}: (${names(1)}) -> (${names(2)})`;
}

/** A SavedModel or a graph: tags, signatures, functions, and how often each operation stands in it. */
function showRoot(root: TfRoot): FormatView {
  return async (source, listing, budget) => {
    const facts = new GraphFacts(budget);
    try {
      await walkTensorflow(source, root, facts, budget);
    } finally {
      listing.line(
        ...(facts.tags.length === 0 ? [] : [`tags ${facts.tags.join(', ')}`]),
        count(facts.operations.length, 'operation'),
        count(facts.functions.length, 'function'),
      );
      listing.list('signatures', facts.signatures);
      listing.counts('operations', facts.operations);
      listing.list('functions', facts.functions);
    }
  };
}

export const showSavedModel = showRoot('SavedModel');
export const showMetaGraph = showRoot('MetaGraphDef');
export const showGraphDef = showRoot('GraphDef');

/** A model of TensorFlow Lite: the operators that it names, and the files of its tensors. */
export const showLite: FormatView = async (source, listing, budget) => {
  budget.hold(source.size);
  const { operators, external, metadata } = readLiteModel(await source.read(0, source.size), budget);
  listing.line(count(operators.length, 'kind of operator', 'kinds of operators'));
  listing.list('operators', operators.map(liteOperatorName));
  listing.list('tensors in other files', external);
  listing.list(
    'metadata',
    metadata.map(({ name, bytes }) => `${name} · ${count(bytes.length, 'byte')}`),
  );
};
