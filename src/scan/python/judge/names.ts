import type { ReachedKind } from '../../scanner/index.ts';

/** Modules of one thing under two names. */
const HOMES: Readonly<Record<string, string>> = {
  __builtin__: 'builtins',
  __builtins__: 'builtins',
  posix: 'os',
  nt: 'os',
  _posixsubprocess: 'subprocess',
  _ctypes: 'ctypes',
  _socket: 'socket',
  cPickle: 'pickle',
  _pickle: 'pickle',
  urllib2: 'urllib.request',
  imp: 'importlib',
};

/** Names that a module passes on. */
const ALIASES: Readonly<Record<string, string>> = {
  'os.posix_spawnp': 'os.posix_spawn',
  'importlib.__import__': 'builtins.__import__',
  'six.moves.builtins': 'builtins',
  'numpy.os': 'os',
  'torch.os': 'os',
  'pathlib.os': 'os',
  'logging.os': 'os',
  'shutil.os': 'os',
  'subprocess.os': 'os',
  'importlib._bootstrap': 'importlib',
};

export function canonical(name: string): string {
  const dot = name.indexOf('.');
  const head = dot < 0 ? name : name.slice(0, dot);
  const home = Object.hasOwn(HOMES, head) ? HOMES[head] : undefined;
  const full = home === undefined ? name : home + name.slice(head.length);
  return Object.hasOwn(ALIASES, full) ? (ALIASES[full] ?? full) : full;
}

/** Functions that run text or code objects. */
const CODE =
  /^(?:builtins\.(?:exec|eval|execfile)|code\.(?:interact|InteractiveInterpreter\(\)\.run(?:code|source)|InteractiveConsole\(\)\.(?:push|run(?:code|source)))|runpy\.run_(?:path|module)|types\.FunctionType|importlib\.util\.module_from_spec\(\)|importlib\.machinery\.\w+\(\)\.(?:load_module|exec_module)|importlib\.load_(?:source|compiled|dynamic)|timeit\.(?:timeit|repeat)|cProfile\.run|profile\.run|pdb\.run|trace\.Trace\(\)\.run|bdb\.Bdb\(\)\.run|IPython\.get_ipython\(\)\.(?:run_cell|system|run_line_magic)|numexpr\.evaluate)$/;
const PROCESS =
  /^(?:os\.(?:system|popen[234]?|exec[lv]p?e?|spawn[lv]p?e?|posix_spawn|startfile|fork|forkpty|fork_exec)|subprocess\.(?:Popen|run|call|check_call|check_output|getoutput|getstatusoutput|fork_exec)|pty\.(?:spawn|fork)|commands\.get(?:status)?output|popen2\.\w+|platform\.popen|asyncio\.create_subprocess_(?:exec|shell)|asyncio\.subprocess\.create_subprocess_(?:exec|shell)|pexpect\.(?:spawn|run)|sh\.\w+|webbrowser\.open|distutils\.spawn\.spawn|setuptools\._distutils\.spawn\.spawn|torch\.distributed\.launcher\.\w+|multiprocessing\.util\.spawnv_passfds|antigravity)$/;
const NATIVE =
  /^(?:ctypes\.(?:CDLL|PyDLL|WinDLL|OleDLL|c?dll\.\w+|cdll\.LoadLibrary|windll\.\w+|oledll\.\w+|pydll\.\w+|pythonapi\.\w+|CFUNCTYPE\(\)|PYFUNCTYPE\(\)|WINFUNCTYPE\(\)|memmove|memset|string_at|cast)|ctypes\.(?:CDLL|PyDLL|WinDLL)\(\)\.\w+|ctypes\.util\.find_library|cffi\.FFI\(\)\.(?:dlopen|verify)|_ctypes\.dlopen|sys\.addaudithook|gc\.get_objects|mmap\.mmap)$/;
const NATIVE_BUILD =
  /^(?:torch\.utils\.cpp_extension\.load(?:_inline)?|torch\.ops\.load_library|torch\.classes\.load_library|tensorflow\.load_op_library|tensorflow\.load_library|numpy\.ctypeslib\.load_library)$/;
const NETWORK =
  /^(?:requests\.(?:get|post|put|patch|delete|head|request|Session\(\)\.\w+)|httpx\.(?:get|post|put|patch|delete|head|request|stream|(?:Async)?Client\(\)\.\w+)|urllib\.request\.(?:urlopen|urlretrieve|build_opener\(\)\.open|URLopener\(\)\.\w+)|urllib\.(?:urlopen|urlretrieve)|urllib3\.(?:PoolManager\(\)\.(?:request|urlopen)|request)|aiohttp\.(?:ClientSession\(\)\.\w+|request)|http\.client\.HTTPS?Connection(?:\(\)\.(?:request|getresponse|connect|send))?|ftplib\.FTP(?:_TLS)?(?:\(\)\.\w+)?|smtplib\.SMTP(?:_SSL)?(?:\(\)\.\w+)?|telnetlib\.Telnet|poplib\.\w+|imaplib\.\w+|xmlrpc\.client\.ServerProxy(?:\(\)\.\w+)?|socket\.(?:create_connection|socket\(\)\.(?:connect|connect_ex|send|sendall|sendto|bind)|getaddrinfo|gethostbyname)|asyncio\.open_connection|websocket\.\w+|websockets\.connect|paramiko\.SSHClient\(\)\.\w+|dns\.resolver\.\w+|wget\.download|pycurl\.Curl\(\)\.perform)$/;
const UNPICKLE =
  /^(?:pickle\.(?:loads?|Unpickler)|pickle5\.loads?|dill\.(?:loads?|load_session|load_module)|cloudpickle\.loads?|joblib\.load|marshal\.loads?|shelve\.open|jsonpickle\.decode|torch\.load|yaml\.(?:unsafe_load|full_load|load)|pandas\.read_pickle)$/;
const WRITE =
  /^(?:os\.(?:remove|unlink|rmdir|removedirs|rename|replace|chmod|chown|symlink|link|truncate|mkfifo|kill|killpg)|shutil\.(?:rmtree|move|chown)|pathlib\.(?:Posix|Windows)?Path\(\)\.(?:unlink|rmdir|chmod|symlink_to|rename|replace|write_text|write_bytes)|winreg\.(?:SetValueEx?|CreateKeyEx?))$/;
const IMPORT =
  /^(?:builtins\.__import__|importlib\.import_module|importlib\.reload|pkgutil\.get_loader|site\.addsitedir)$/;

const KINDS: readonly (readonly [ReachedKind, RegExp])[] = [
  ['code', CODE],
  ['process', PROCESS],
  ['native', NATIVE],
  ['native', NATIVE_BUILD],
  ['network', NETWORK],
  ['unpickle', UNPICKLE],
  ['write', WRITE],
  ['import', IMPORT],
];

/** Modules of which any function that is looked up by a computed name may run something. */
const REACHING_MODULES = /^(?:builtins|os|subprocess|ctypes|pty|runpy|code|commands|importlib|sys|marshal)\.\?$/;
/** Methods of a module that is not known, whose name says what they do. */
const TELLING =
  /^\?\.(?:system|popen|check_output|check_call|getoutput|Popen|execv[pe]*|spawnv?[pe]*|exec|eval|urlopen)$/;

export function reachOf(name: string): ReachedKind | undefined {
  if (REACHING_MODULES.test(name)) return 'code';
  if (TELLING.test(name)) return 'process';
  return KINDS.find(([, pattern]) => pattern.test(name))?.[0];
}

/** Functions of ordinary models that build or load native code of their own. */
export function buildsNative(name: string): boolean {
  return NATIVE_BUILD.test(name) || /^ctypes\.util\.|^(?:mmap|gc|sys)\./.test(name);
}

/** Functions that give what was written in another form. */
const DECODERS =
  /^(?:base64\.(?:\w*decode\w*)|base58\.b58decode|binascii\.(?:a2b_\w+|unhexlify|rledecode_hqx)|zlib\.decompress(?:obj\(\)\.decompress)?|gzip\.(?:decompress|GzipFile\(\)\.read)|bz2\.decompress|lzma\.decompress|zstandard\.\w+|brotli\.decompress|lz4\.\w+\.decompress|codecs\.(?:decode|escape_decode|getdecoder\(\)|lookup\(\)\.decode)|(?:builtins\.)?(?:bytes|bytearray)\.fromhex|marshal\.loads|quopri\.decodestring|uu\.decode|urllib\.parse\.unquote(?:_to_bytes|_plus)?|html\.unescape|builtins\.(?:chr|unichr)|struct\.pack|cryptography\.fernet\.Fernet\(\)\.decrypt|Crypto(?:dome)?\.Cipher\.\w+\.new\(\)\.decrypt|nacl\.secret\.SecretBox\(\)\.decrypt|rsa\.decrypt|cryptography\.hazmat\.primitives\.ciphers\.Cipher\(\)\.decryptor\(\)\.\w+)$/;

export function decodes(name: string): boolean {
  return DECODERS.test(name);
}

export function isDownload(name: string): boolean {
  return NETWORK.test(name) || /^socket\.(?:socket\(\)|create_connection\(\))\.(?:recv\w*|makefile)$/.test(name);
}

const ENVIRONMENT =
  /^(?:os\.(?:getenv|environb?\.(?:get|copy|items|values))|os\.environb?|getpass\.\w+|os\.(?:getlogin|uname)|platform\.(?:node|uname)|socket\.gethostname|keyring\.get_password)$/;

export function isEnvironment(name: string): boolean {
  return ENVIRONMENT.test(name);
}

/** Functions that call, now or later, what they are handed. */
const LATER =
  /^(?:threading\.(?:Thread|Timer)|multiprocessing\.(?:Process|Pool\(\)\.\w+)|atexit\.register|functools\.(?:partial|reduce|partialmethod)|builtins\.(?:map|filter|sorted|max|min|property)|itertools\.\w+|signal\.signal|weakref\.finalize|contextlib\.\w+|concurrent\.futures\.\w+\(\)\.\w+|_?thread\.start_new_thread|sys\.settrace|sys\.setprofile|operator\.call|builtins\.list|builtins\.any|builtins\.all|builtins\.next|builtins\.tuple)$/;

export function callsLater(name: string): boolean {
  return LATER.test(name);
}

/** Programs that only tell what a machine or a repository is. */
const ASKING =
  /^(?:git (?:rev-parse|describe|log|show|status|branch|config --get)\b[\w ./%:=@^~-]*|nvidia-smi[\w ,.=/-]*|nvcc (?:--version|-V)|(?:gcc|g\+\+|cc|clang|cmake|ninja|rustc|cargo|python3?|pip) --version|uname[ \w-]*|lscpu|hostname|whoami|which [\w.-]+|where [\w.-]+|pkg-config [\w .=-]+|rocm-smi[\w -]*|hipconfig[\w -]*)$/;

/** Whether a command, its words joined by blanks, only asks. */
export function onlyAsks(command: string): boolean {
  return ASKING.test(command);
}

/** Paths where a file is run, or is a secret. */
const TENDER =
  /(?:^|[/\\])\.(?:ssh|bashrc|bash_profile|profile|zshrc|zshenv|aws|kube|netrc|npmrc|pypirc|gitconfig|docker|config[/\\]autostart)\b|^\/(?:etc|root|usr|bin|sbin|lib|boot|proc|sys|var\/spool)\b|site-packages|dist-packages|authorized_keys|crontab|Startup[/\\]|sitecustomize|\.pth$/;

export function isTender(path: string): boolean {
  return TENDER.test(path);
}
