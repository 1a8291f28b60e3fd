import { convert, isAssayError } from 'assay';

/** The safetensors files of a checkpoint; none when its verdict forbids a conversion. */
export async function safeFiles(path: string, folder: string): Promise<string[]> {
  try {
    const { files } = await convert(path, { to: 'safetensors', folder });
    return files.map((file) => file.path);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'refused') throw error;
    return [];
  }
}
