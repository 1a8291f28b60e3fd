import { ownText, step } from '../own.ts';
import { readImage } from '../reference.ts';
import { HINTS } from './hints.ts';
import type { PostureKnowledge } from './knowledge.ts';
import type { ImageApproval, PostureProblem } from './result.ts';

/** The image of a container, and how it is approved. */
export interface ReadOfImage {
  readonly problems: readonly PostureProblem[];
  readonly approval: ImageApproval | undefined;
  /** `docker.io/vllm/vllm-openai` */
  readonly repository: string;
  readonly text: string;
  /** `sha256:<hex>` of one that is named by its digest. */
  readonly digest: string | undefined;
}

export function containerImage(container: unknown, where: string, { approvalOf }: PostureKnowledge): ReadOfImage {
  const text = ownText(container, 'image') ?? '';
  const at = step(where, 'image');
  const refuse = (why: string) => [{ kind: 'image' as const, where: at, why, hint: HINTS.image }];
  const read = text === '' ? undefined : readImage(text);
  if (read?.kind !== 'reference')
    return {
      problems: refuse('names no image that can be read'),
      approval: undefined,
      repository: '',
      text,
      digest: undefined,
    };
  const repository = read.reference.replace(/^oci:\/\//, '').replace(/@.*$|:[^/]*$/, '');
  const approval = read.pinned ? approvalOf(read.reference) : undefined;
  const shown = text.slice(0, 200);
  if (!read.pinned)
    return {
      problems: refuse(`runs the image ${shown}, which is not named by its digest`),
      approval,
      repository,
      text,
      digest: undefined,
    };
  const problems = approval === undefined ? refuse(`runs the image ${shown}, which is not approved`) : [];
  return { problems, approval, repository, text, digest: read.reference.slice(read.reference.indexOf('@') + 1) };
}
