/** Records of an archive that persistent ids may name: by key, the bytes of each record of that name. */
export type StorageRecords = ReadonlyMap<string, readonly number[]>;
