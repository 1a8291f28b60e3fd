import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { VerifyRequest } from '../../../pipeline/convert/index.ts';
import { ROWS } from '../../conversions/index.ts';
import { uploadedFile } from '../../uploads/index.ts';

/**
 * The uploaded files with which a verification is made, by the names that their sender gave them: messages tell of these.
 * @param folder that does not exist yet
 * @throws ServiceError `upload-not-found`, `upload-open`
 */
export async function givenRows(root: string, tenant: string, upload: string, folder: string): Promise<VerifyRequest> {
  await mkdir(folder, { mode: 0o700 });
  const given = async (name: string): Promise<string | undefined> => {
    const place = uploadedFile(root, tenant, upload, name);
    if (place === undefined) return undefined;
    const link = join(folder, name);
    await symlink(place, link);
    return link;
  };
  const inputs = await given(ROWS.inputs);
  const outputs = await given(ROWS.outputs);
  return { ...(inputs === undefined ? {} : { inputs }), ...(outputs === undefined ? {} : { outputs }) };
}
