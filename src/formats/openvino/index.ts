export { type OpenvinoConstant, type OpenvinoLayer, type OpenvinoModel, readOpenvino } from './model.ts';
export { readXml, type XmlEvents, type XmlTag } from './xml.ts';
