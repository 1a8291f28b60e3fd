export { type OpenvinoConstant, type OpenvinoLayer, type OpenvinoModel, readOpenvino } from './model.ts';
export { type NetworkXmlEvents, readXml, type XmlTag } from './xml.ts';
