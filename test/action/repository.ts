import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A new git repository, created by git. */
export class Repository {
  readonly folder: string;

  constructor(folder: string, objects: 'sha1' | 'sha256' = 'sha1') {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main', `--object-format=${objects}`);
  }

  git(...args: readonly string[]): string {
    const identity = [
      '-c',
      'user.name=Tester',
      '-c',
      'user.email=tester@example.org',
      '-c',
      'protocol.file.allow=always',
    ];
    return execFileSync('git', [...identity, ...args], { cwd: this.folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  write(path: string, content: string | Uint8Array): this {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
    return this;
  }

  remove(path: string): this {
    rmSync(join(this.folder, path));
    return this;
  }

  /** Commits every change. @returns the commit */
  commit(message = 'a commit'): string {
    this.git('add', '--all', '--force', '.');
    this.git('commit', '--quiet', '--allow-empty', '--no-verify', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** The commit that GitHub checks out for a pull request: the merge of the head into the base. */
  merged(base: string, head: string): string {
    const tree = this.git('rev-parse', `${head}^{tree}`);
    const merge = this.git('commit-tree', tree, '-p', base, '-p', head, '-m', 'merge');
    this.git('checkout', '--quiet', '--detach', merge);
    return merge;
  }
}
