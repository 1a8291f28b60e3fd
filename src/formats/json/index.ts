export { CATBOOST_JSON, JSON_DOCUMENT, JSON_LINES, XGBOOST_JSON } from './format.ts';
export { type JsonEvents, type JsonScalar, type JsonToken, JsonWalker } from './json.ts';
