/** Statements of a template that only branch, loop and assign. */
export const PLAIN_TAGS: ReadonlySet<string> = new Set([
  'print',
  'for',
  'endfor',
  'if',
  'elif',
  'else',
  'endif',
  'set',
  'endset',
  'macro',
  'endmacro',
  'break',
  'continue',
  'generation',
  'endgeneration',
]);

/** Filters that turn values into text, numbers and lists of the same values. */
export const PLAIN_FILTERS: ReadonlySet<string> = new Set(
  (
    'abs batch capitalize count d default dictsort e escape first float groupby indent int items join last length list ' +
    'lower map max min reject rejectattr replace reverse round safe select selectattr slice sort string sum title tojson ' +
    'trim unique upper wordcount'
  ).split(' '),
);

/** Filters that read an attribute which an argument names, and where it stands. */
export const READS_ATTRIBUTE: ReadonlySet<string> = new Set(
  'dictsort groupby join map max min rejectattr selectattr sort sum unique'.split(' '),
);

export const PLAIN_TESTS: ReadonlySet<string> = new Set(
  (
    'boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan lower lt ' +
    'mapping ne none None number odd sameas sequence string true undefined upper'
  ).split(' '),
);

/** Methods of texts, lists and mappings that give texts, lists and mappings. */
export const PLAIN_METHODS: ReadonlySet<string> = new Set(
  (
    'append capitalize count endswith find get index items join keys lower lstrip partition pop replace rfind rpartition rsplit ' +
    'rstrip split splitlines startswith strip title upper values zfill'
  ).split(' '),
);

/** Functions that loaders of chat templates give them; `range` and `namespace` are Jinja's own. */
export const PLAIN_FUNCTIONS: ReadonlySet<string> = new Set(['raise_exception', 'strftime_now', 'range', 'namespace']);

/** Objects of Jinja and of web frameworks that lead to their module's globals. No chat template needs them. */
export const LEADS_TO_GLOBALS: ReadonlySet<string> = new Set(
  (
    'lipsum cycler joiner self request config session g url_for get_flashed_messages application current_app environment ' +
    'context caller varargs kwargs super'
  ).split(' '),
);

/** Attributes without an underscore that lead to frames, code and globals (jinja2/sandbox.py), or format what they are given. */
export const INNER_ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    'mro func_globals func_code func_closure func_defaults gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await ag_frame ' +
    'ag_code ag_await f_globals f_locals f_builtins f_back f_code tb_frame tb_next im_class im_func im_self format format_map'
  ).split(' '),
);
