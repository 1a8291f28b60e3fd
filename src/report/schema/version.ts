/** The version of the contract in `report-v1.json`; a change that breaks its readers makes another version. */
export const SCHEMA_VERSION = '1';
