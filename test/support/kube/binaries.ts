import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The release that `build.sh` builds. */
const VERSION = '1.34.4';
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'assay-kube', VERSION);
/** The folders in which envtest and similar tools install them. */
const ASSETS = process.env.KUBEBUILDER_ASSETS;
const PATH = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');

export const ETCD = find('etcd', [...(ASSETS === undefined ? [] : [ASSETS]), ...PATH, '/usr/bin']);
export const API_SERVER = find('kube-apiserver', ASSETS === undefined ? [CACHE] : [ASSETS, CACHE]);
/** Ends a child with its parent, even if the parent is killed. */
export const SETPRIV = find('setpriv', PATH);

export const hasKube = ETCD !== undefined && API_SERVER !== undefined;
export const KUBE_HOW = 'test/support/kube/build.sh and apt-get install etcd-server, or set KUBEBUILDER_ASSETS';

function find(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
