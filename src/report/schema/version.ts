/** Of the contract in `report-v1.json`; a change that breaks its readers is another version. */
export const SCHEMA_VERSION = '1';
