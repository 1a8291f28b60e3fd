import { posix } from 'node:path';

/** Names whose files a shell, an interpreter, a compiler or a build runs or reads as a program. */
const CODE_NAMES =
  /^(?:makefile|gnumakefile|kbuild|dockerfile|containerfile|jenkinsfile|vagrantfile|rakefile|gemfile|brewfile|procfile|justfile|snakefile|modelfile|taskfile\.ya?ml|cmakelists\.txt|meson\.build|build|workspace|build\.bazel|workspace\.bazel|sconstruct|sconscript|mlproject|tox\.ini|noxfile|cog\.ya?ml|dvc\.ya?ml|action\.ya?ml|(?:docker-)?compose[\w.-]*\.ya?ml|\.gitlab-ci\.ya?ml|\.travis\.ya?ml|\.pre-commit-config\.ya?ml|\.(?:bash|zsh|tcsh|csh|fish|ksh)rc|\.(?:bash_|z)?profile|\.bash_(?:login|logout)|\.z(?:login|logout|shenv)|\.envrc|\.rprofile|\.vimrc|\.exrc|\.emacs|\.gdbinit|\.lldbinit|\.npmrc|\.pypirc|\.gitconfig|\.gitmodules|\.hgrc|(?:docker|container)file\.[\w.-]+|[\w.-]+\.dockerfile|makefile\.[\w-]+|(?:[\w-]+)?\.env(?:\.[\w-]+)?|pyvenv\.cfg|sitecustomize|usercustomize|crontab)$/i;

/** Folders in which every text file controls a program. */
const CODE_FOLDERS = /(?:^|\/)(?:\.github\/workflows|\.circleci|\.devcontainer|\.husky|\.vscode|hooks|cron\.d)\//i;

/** Names of text files that no program interprets: lists of words, licences, notes, files for git. */
const TEXT_NAMES =
  /^(?:vocab|vocabulary|merges|dict|dictionary|lexicon|labels?|classes|categories|names|tokens|phonemes|symbols|stopwords|wordlist|words|readme|licen[cs]e|licences?|copying|copyright|notices?|authors|contributors|maintainers|credits|thanks|acknowledge?ments|citation|changes|changelog|history|news|todo|version|manifest|metadata|record|wheel|installer|top_level|checksums?|sha256sums?|sha512sums?|md5sums?|use_policy|terms|disclaimer|codeowners|\.git(?:attributes|ignore|keep)|\.(?:docker|npm|hf|eslint|prettier)ignore|\.keep|\.editorconfig|\.nojekyll|py\.typed|checkpoint|latest|latest_checkpointed_iteration|rng_state|zero_to_fp32)$/i;

/** Extensions of tables, notes, sequences and other data that stand in lines of text. */
const TEXT_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    'txt text log rst adoc asciidoc textile org tex bib lock bpe merges vocab vec voc lst list names labels classes categories ' +
    'words freq counts dic aff tok token tokens phones syms csv tsv psv dat data out conll conllu iob bio ann srt vtt ass sbv lrc ' +
    'arpa lm hyp ref src tgt trg en de fr es it zh ja ko ru pt ar hi fasta fa faa fna fastq fq gff gtf vcf bed pdb cif sdf mol mol2 ' +
    'smi smiles xyz ply off obj mtl pcd libsvm svm svmlight mtx arff pgm ppm pbm xpm fst ctm rttm stm textgrid lab align license ' +
    'licence notice copying authors version sha1 sha256 sha512 md5 sum sums asc sig pem crt cer pub po pot proto gitattributes ' +
    'gitignore diff patch orig bak old rtf cff abc map model weights params scores results index readme'
  ).split(' '),
);

/** Whether a path names a program, a build or a script, whatever stands in it. */
export function isCodeName(path: string): boolean {
  const plain = path.replaceAll('!', '/');
  return CODE_NAMES.test(posix.basename(plain)) || CODE_FOLDERS.test(plain);
}

/** Whether a path names text that nothing interprets. */
export function isTextName(path: string): boolean {
  const name = posix.basename(path.replaceAll('!', '/'));
  const dot = name.lastIndexOf('.');
  if (dot > 0) return TEXT_EXTENSIONS.has(name.slice(dot + 1).toLowerCase());
  return TEXT_NAMES.test(name);
}
