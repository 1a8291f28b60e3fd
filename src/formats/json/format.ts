import { isContentError } from '../../core/index.ts';
import { type Format, type Probe, startsWith } from '../format.ts';
import { textHead } from '../text.ts';
import { JsonWalker } from './json.ts';

/** `lines`: more than one value, or a value that is not a container. */
type JsonHead = 'document' | 'lines';

const heads = new WeakMap<Probe, JsonHead | 'neither'>();

/** Whether the first bytes read as JSON: prose, templates and other languages break within a few of them. */
function jsonHead(probe: Probe): JsonHead | 'neither' {
  const known = heads.get(probe);
  if (known !== undefined) return known;
  const head = readHead(probe);
  heads.set(probe, head);
  return head;
}

function readHead(probe: Probe): JsonHead | 'neither' {
  const start = startsWith(probe.head, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  const first = probe.head
    .subarray(start)
    .find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  if ((first !== 0x7b && first !== 0x5b) || textHead(probe) === undefined) return 'neither';
  const walker = new JsonWalker({}, { multiple: true, pythonNumbers: true });
  try {
    walker.feed(probe.head);
  } catch (error) {
    if (isContentError(error)) return 'neither';
    throw error;
  }
  if (probe.head.length >= probe.size && !walker.complete) return 'neither';
  return walker.values > 1 || (walker.values === 1 && !walker.complete) ? 'lines' : 'document';
}

export const JSON_LINES: Format = {
  id: 'jsonl',
  title: 'JSON Lines',
  extensions: ['.jsonl', '.ndjson'],
  identify: (probe) => jsonHead(probe) === 'lines',
};

export const JSON_DOCUMENT: Format = {
  id: 'json',
  title: 'JSON',
  extensions: ['.json', '.ipynb', '.geojson'],
  identify: (probe) => jsonHead(probe) === 'document',
};

/** As CatBoost writes it: keys are sorted, so that one of these comes first. */
export const CATBOOST_JSON: Format = {
  id: 'catboost-json',
  title: 'CatBoost model (JSON)',
  extensions: [],
  identify: (probe) => {
    const head = jsonHead(probe) === 'document' ? textHead(probe) : undefined;
    return head !== undefined && /^\s*\{\s*"(?:ctr_data|features_info)"\s*:\s*\{/.test(head.text);
  },
};

/** As XGBoost writes it: keys are sorted, so that these come first. */
export const XGBOOST_JSON: Format = {
  id: 'xgboost-json',
  title: 'XGBoost model (JSON)',
  extensions: [],
  identify: (probe) => {
    const head = jsonHead(probe) === 'document' ? textHead(probe) : undefined;
    return head !== undefined && /^\s*\{\s*"learner"\s*:\s*\{\s*"attributes"\s*:\s*\{/.test(head.text);
  },
};
