import type { ConversionRequest, ModelTestRequest } from '../../registry/api/index.ts';
import type { Principal, Version } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { ServiceError } from '../problems/index.ts';
import { checkJobRequest, storeTarget } from './submit.ts';

/** What a conversion or a test reads. */
export interface JobSource {
  readonly target: string;
  readonly model: string;
  /** That the bytes must have. */
  readonly digest: string | null;
}

const UPLOAD = 'upload:';
/** What a conversion has written. */
export const CONVERSION = 'conversion:';

/**
 * The source that a request names by a reference, an upload or a version.
 * @throws ServiceError as `checkJobRequest`; RegistryError `not-found` for a version
 */
export async function sourceOfRequest(
  context: ServiceContext,
  by: Principal,
  {
    ref,
    upload,
    version: id,
    model: name,
  }: Pick<ConversionRequest | ModelTestRequest, 'ref' | 'upload' | 'version' | 'model'>,
  placeOf: (context: ServiceContext, by: Principal, version: Version) => Promise<string>,
): Promise<JobSource> {
  if ([ref, upload, id].filter((one) => one !== undefined).length !== 1)
    throw new ServiceError(400, 'invalid-request', 'give one of ref, upload and version');
  const asked = name === undefined ? {} : { model: name };
  if (id === undefined) {
    const given = { ...(ref === undefined ? {} : { ref }), ...(upload === undefined ? {} : { upload }) };
    const { target, model } = await checkJobRequest(context, by, { ...given, ...asked });
    return { target, model, digest: null };
  }
  const version = await context.registry.version(by, { id });
  return { target: await placeOf(context, by, version), model: name ?? version.model, digest: version.digest };
}

/** Where the bytes of a version are. @throws ServiceError as `checkJobRequest` for a place that cannot be read */
export async function placeOfVersion(
  context: Pick<ServiceContext, 'config' | 'uploads'>,
  by: Principal,
  { pinned, ref, model }: Version,
): Promise<string> {
  const [place = ref] = pinned;
  return place.startsWith(UPLOAD)
    ? (await checkJobRequest(context, by, { upload: place.slice(UPLOAD.length), model })).target
    : storeTarget(context, { ref: place }).target;
}

/** The same; the files of a conversion, too, which the service has itself. */
export async function placeOrConversion(
  context: Pick<ServiceContext, 'config' | 'uploads'>,
  by: Principal,
  version: Version,
): Promise<string> {
  const [place = version.ref] = version.pinned;
  return place.startsWith(CONVERSION) ? place : placeOfVersion(context, by, version);
}
