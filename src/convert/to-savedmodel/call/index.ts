export { Constants, graphsOf, tensorflowType } from './constants.ts';
export { type InnerGraph, OperatorCall, type OperatorFamily, type Translation } from './operator-call.ts';
