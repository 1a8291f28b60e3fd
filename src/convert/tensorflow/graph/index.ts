export { type Lowering, made, OperationCall, type OperationFamily, type TfOperand } from './call.ts';
export { constantDatum, isLookedAt } from './constants.ts';
export { axes, Datum, type DatumType, datumType } from './datum.ts';
export { dataInputs, functionsByName, nodeOrder, nodeQuoted, nodesByName, referenceOf, resultIndex } from './scope.ts';
