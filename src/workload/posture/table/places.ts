// Folders of a container by what programs use them for. Filesystem Hierarchy Standard 3.0, and the documentation of the programs.

/** Programs of an image are found there. A program with any other path is not recognised by its name. */
export const PROGRAM_FOLDERS: ReadonlySet<string> = new Set([
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/opt/conda/bin',
  '/opt/venv/bin',
  '/opt/tritonserver/bin',
  '/app/.venv/bin',
  '/prod_venv/bin',
]);

/** Nothing is run from there by its place alone: models may be mounted. */
export const DATA_FOLDERS =
  /^\/(?:m|mnt|data|models?|weights|checkpoints?|loras?|adapters?|model-cache|model-store|repository|assay\/models)(?:\/|$)/;

/** Written while a program runs, and read by nobody else. */
export const SCRATCH_FOLDERS =
  /^\/(?:tmp|cache|scratch|run|logs?|outputs?|results|dev\/shm|var\/(?:log|tmp|run|cache|lib\/[\w-]+)|(?:root|home\/[\w.-]+)\/\.cache|\.cache)(?:\/|$)/;

/** Written, and not read: whoever else may write there changes nothing. */
export const LOG_FOLDERS = /^\/(?:var\/log|logs?|outputs?|results)(?:\/|$)/;

/** Settings and keys that an argument has to name before a program of the tables reads them. */
export const SETTINGS_FOLDERS =
  /^\/(?:config|settings|secrets?|certs?|tls|run\/secrets|var\/run\/secrets|etc\/(?:config|secrets?|certs?|tls|podinfo))(?:\/|$)/;

/** Where the ServiceAccount plugin mounts the token of a Pod. */
export const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** No volume of a sealed image may lie elsewhere: over its programs, its libraries, its start, the home of its user. */
export const BESIDE_CODE =
  /^\/(?:mnt|data|config|settings|secrets?|certs?|tls|logs?|tmp|cache|scratch|run|storage|outputs?|results|dev\/shm|var\/(?:log|tmp|run|cache|lib\/[\w-]+)|etc\/(?!ld\.so|profile|environment|python|perl|init|cron|ssl|pki|ca-cert|alternatives|passwd|group|shadow|sudo|pam)[\w.-]+)(?:\/|$)/;
