import { isAssayError, scan } from 'assay';

/** Whether a model may be loaded: a decision that allows it, about all of it. */
export async function mayLoad(ref: string): Promise<boolean> {
  try {
    const { assessment, decision } = await scan(ref, { policy: 'strict' });
    for (const { ruleId, file, message } of assessment.findings) console.log(`${file}: ${message} (${ruleId})`);
    return decision.action !== 'deny' && assessment.status === 'complete';
  } catch (error) {
    if (!isAssayError(error)) throw error;
    console.log(`${error.subject ?? ref}: ${error.message}; ${error.hint ?? ''}`);
    return false;
  }
}
