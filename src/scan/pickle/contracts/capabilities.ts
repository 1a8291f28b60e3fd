/** Names by which code runs programs, evaluates text, or reaches files, the network or any attribute of any object. */
const CAPABILITIES = new Set([
  ...words(
    'eval exec execfile compile open file input breakpoint globals locals vars getattr setattr delattr memoryview',
  ),
  ...words(
    'system popen Popen spawnl spawnle spawnlp spawnv spawnve spawnvp execl execle execlp execv execve execvp fork',
  ),
  ...words('check_output check_call getoutput getstatusoutput posix_spawn startfile import_module loads load_module'),
  ...words(
    'exec_module fromfile tofile memmap read_pickle to_pickle read_csv load_library unlink rmtree urlopen urlretrieve',
  ),
  ...words('CodeType FunctionType LambdaType ModuleType attrgetter methodcaller CDLL WinDLL dlopen from_address'),
]);

/** Modules that do so. They are dangerous as constants, too, because code can look them up by name. */
const MODULES = new Set([
  ...words(
    'os posix nt subprocess sys builtins __builtin__ importlib imp runpy pty shutil socket socketserver ssl ctypes _ctypes',
  ),
  ...words(
    'cffi multiprocessing marshal pickle _pickle cPickle dill cloudpickle shelve zipimport pkgutil codeop pdb bdb inspect gc',
  ),
  ...words(
    '_posixsubprocess _io urllib urllib2 urllib3 requests httpx aiohttp http ftplib smtplib telnetlib paramiko webbrowser',
  ),
  ...words(
    'commands popen2 asyncio atexit pip ensurepip tempfile fileinput linecache mmap winreg win32api antigravity',
  ),
]);

/** Attributes that lead from any object to the interpreter. */
const ESCAPES =
  /^__(?:import|builtins|globals|subclasses|bases|base|mro|code|closure|getattribute|reduce|reduce_ex|loader|spec|getattr|setattr|delattr|dict|self|func|wrapped|class_getitem|init_subclass)__$/;

/** Text that is code or a path to something dangerous, whatever stands around it. */
const CALLS =
  /(?:^|[^\w.])(?:__import__|eval|exec|compile|open|getattr)\s*\(|\b(?:os|sys|subprocess|builtins|importlib|shutil|socket|ctypes)\s*\.\s*\w|\bimport\s+\w/;

function words(text: string): string[] {
  return text.split(' ');
}

/** Whether a name that code looks up is dangerous. */
export function isDangerousName(name: string): boolean {
  return name.split('.').some((part) => CAPABILITIES.has(part) || MODULES.has(part) || ESCAPES.test(part));
}

/** Whether a constant of code names something dangerous and nothing else: `open` can also be a column of a table. */
export function isDangerousConstant(text: string): boolean {
  return MODULES.has(text) || ESCAPES.test(text) || CALLS.test(text);
}
