import { CATBOOST, LIGHTGBM, UBJSON, XGBOOST_BINARY } from '../../formats/index.ts';
import { XGBOOST_JSON } from '../../formats/json/index.ts';
import { SENTENCEPIECE } from '../../formats/protobuf/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { judgeNativeModel, NATIVE_MARKUP, NATIVE_STRUCTURE, type NativeModel } from './judge.ts';

const FORMATS: ReadonlyMap<string, NativeModel> = new Map([
  [UBJSON.id, 'xgboost'],
  [XGBOOST_BINARY.id, 'xgboost'],
  [XGBOOST_JSON.id, 'xgboost'],
  [LIGHTGBM.id, 'lightgbm'],
  [CATBOOST.id, 'catboost'],
  [SENTENCEPIECE.id, 'sentencepiece'],
]);

/** Judges models that native code reads: all their indexes must stay in range. */
export const nativeModelScanner: Scanner = {
  id: 'native-models',
  formats: [...FORMATS.keys()],
  rules: [NATIVE_STRUCTURE, NATIVE_MARKUP],
  async scanFile({ source, format }, context) {
    const model = FORMATS.get(format.id);
    if (model === undefined) return context.incomplete(`no reader of ${format.id}`);
    await judgeNativeModel(model, source, format.id, context);
  },
};
