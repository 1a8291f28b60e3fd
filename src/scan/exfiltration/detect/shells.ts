import { beginsWord, type DetectedString, type StringDetector, textBetween } from '../../strings/index.ts';
import { REVERSE_SHELL } from '../rules.ts';

const SHELL = String.raw`(?:/bin/|/usr/bin/)?(?:ba|z|da|k)?sh\b|cmd(?:\.exe)?\b|powershell`;

interface ShellForm {
  readonly needle: string;
  readonly how: string;
  /** All of them stand around the needle. */
  readonly all: readonly RegExp[];
}

/** A word of each form, and what stands around it: the connection, and the shell that gets it. */
const FORMS: readonly ShellForm[] = [
  {
    needle: '/dev/tcp/',
    how: 'bash with /dev/tcp',
    all: [/\/dev\/tcp\/[^\s/]{1,100}\/[\w${}"']{1,30}/, /[<>]&|exec\s{1,3}\d{1,3}<>|\b(?:ba)?sh\s+-i/],
  },
  {
    needle: '/dev/udp/',
    how: 'bash with /dev/udp',
    all: [/\/dev\/udp\/[^\s/]{1,100}\/[\w${}"']{1,30}/, /[<>]&|\b(?:ba)?sh\s+-i/],
  },
  ...['nc ', 'ncat ', 'nc.traditional ', 'netcat '].map((needle) => ({
    needle,
    how: 'netcat',
    all: [
      new RegExp(
        String.raw`\b(?:nc|ncat|nc\.traditional|netcat)\s+(?:[\w.:$\{\}"'-]{1,60}\s+){0,5}(?:-[a-z]{0,4}[ec]|--exec|--sh-exec)[\s=]+\\?["']?(?:${SHELL})`,
      ),
    ],
  })),
  {
    needle: 'mkfifo ',
    how: 'a named pipe',
    all: [/mkfifo\s+\S{1,80}/, /\|\s*(?:\/bin\/)?(?:ba)?sh\b/, /\b(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b/],
  },
  { needle: 'ztcp ', how: 'zsh', all: [/ztcp\s+\S/, /[<>]&\s?\$REPLY/] },
  { needle: 'mknod ', how: 'a named pipe', all: [/\b(?:nc|ncat|netcat|telnet)\b/, /\|\s*(?:\/bin\/)?(?:ba)?sh\b/] },
  {
    needle: 'recv(',
    how: 'Python',
    all: [
      /socket/,
      /connect\(/,
      /\bsend(?:all)?\(/,
      /getoutput\(|check_output\(|popen\(|Popen\([^)]{0,80}shell\s*=\s*True/,
    ],
  },
  { needle: 'dup2(', how: 'Python', all: [/socket/, /connect/, /fileno/, new RegExp(String.raw`\\?["'](?:${SHELL})`)] },
  { needle: 'pty.spawn', how: 'Python', all: [/socket/, /connect/, /pty\.spawn\(\s*\[?\\?["']/] },
  {
    needle: 'Sockets.TCPClient',
    how: 'PowerShell',
    all: [/GetStream/i, /\biex\b|Invoke-Expression|cmd(?:\.exe)?|powershell/i],
  },
  {
    needle: 'fsockopen',
    how: 'PHP',
    all: [/fsockopen\(\s*\\?["'$]/, /\b(?:exec|shell_exec|proc_open|system|popen|passthru)\s*\(/, new RegExp(SHELL)],
  },
  { needle: 'TCPSocket', how: 'Ruby', all: [/TCPSocket\.(?:new|open)/, /\bexec\b|IO\.popen|spawn/, new RegExp(SHELL)] },
  { needle: 'use Socket', how: 'Perl', all: [/connect/, /open\s*\(?\s*STD(?:IN|OUT)/, /exec/] },
  { needle: 'IO::Socket::INET', how: 'Perl', all: [/fdopen|STDIN/, /exec|system/] },
  { needle: 'socat ', how: 'socat', all: [/\b(?:tcp|udp|openssl)[46]?(?:-connect)?:/i, /exec:/i] },
  { needle: '/inet/tcp/', how: 'awk', all: [/getline/, /\|&/] },
  {
    needle: 'child_process',
    how: 'Node.js',
    all: [/\bnet\b|\btls\b/, /\.pipe\(/, new RegExp(SHELL), /connect|Socket/],
  },
  { needle: 'socket.tcp', how: 'Lua', all: [/connect/, /io\.popen|os\.execute/, /receive|send/] },
  { needle: 'openssl s_client', how: 'OpenSSL', all: [/mkfifo|\/tmp\//, /\|\s*(?:\/bin\/)?(?:ba)?sh\b|sh\s+-i/] },
];

/** Characters before and after a needle that belong to one command or a short script. */
const [BEFORE, AFTER] = [500, 900];

export const shellDetectors: readonly StringDetector[] = FORMS.map(({ needle, how, all }) => ({
  needles: [{ text: needle, folds: true }],
  detect: (window, at): DetectedString | undefined => {
    if (!needle.startsWith('/') && !beginsWord(window, at)) return undefined;
    const text = textBetween(window, at - BEFORE, at + AFTER);
    if (!all.every((one) => one.test(text))) return undefined;
    const shown = textBetween(window, at, at + 60).split(/[\r\n]/)[0] ?? '';
    return {
      rule: REVERSE_SHELL,
      message: `Holds a reverse shell by ${how}.`,
      subject: how,
      evidence: shown,
      end: at + AFTER,
    };
  },
}));
