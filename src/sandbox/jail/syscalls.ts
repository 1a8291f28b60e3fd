/** What a filter of system calls needs to know of a processor: numbers differ between them. */
export interface Processor {
  /** As `process.arch` names it. */
  readonly arch: string;
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  readonly audit: number;
  /** Numbers from here on are of another convention, which no program of the jail uses; absent where there is none. */
  readonly foreignFrom: number | undefined;
  /** Calls that are allowed with all arguments. */
  readonly allowed: readonly number[];
  /** Calls that are allowed with some arguments. */
  readonly clone: number;
  readonly ioctl: number;
  readonly prctl: number;
}

/** What a program with threads, memory and files needs; no other process, no socket, no device (arch/x86/entry/syscalls/syscall_64.tbl). */
const X64 = `
  read:0 write:1 close:3 fstat:5 stat:4 lstat:6 poll:7 lseek:8 mmap:9 mprotect:10 munmap:11 brk:12 rt_sigaction:13
  rt_sigprocmask:14 rt_sigreturn:15 rt_sigpending:127 rt_sigtimedwait:128 pread64:17 pwrite64:18 readv:19
  writev:20 preadv:295 pwritev:296 access:21 pipe:22 pipe2:293 select:23 pselect6:270 ppoll:271 sched_yield:24
  mremap:25 msync:26 mincore:27 madvise:28 dup:32 dup2:33 dup3:292 nanosleep:35 clock_nanosleep:230 getitimer:36
  setitimer:38 getpid:39 gettid:186 getppid:110 getpgrp:111 exit:60 exit_group:231 wait4:61 uname:63 fcntl:72
  flock:73 fsync:74 fdatasync:75 truncate:76 ftruncate:77 getdents:78 getdents64:217 getcwd:79 chdir:80 fchdir:81
  rename:82 renameat:264 renameat2:316 mkdir:83 mkdirat:258 rmdir:84 creat:85 unlink:87 unlinkat:263 readlink:89
  readlinkat:267 symlink:88 symlinkat:266 link:86 linkat:265 chmod:90 fchmod:91 fchmodat:268 umask:95
  utimensat:280 gettimeofday:96 time:201 times:100 getrlimit:97 setrlimit:160 prlimit64:302 getrusage:98
  sysinfo:99 getuid:102 getgid:104 geteuid:107 getegid:108 getgroups:115 getresuid:118 getresgid:120
  sigaltstack:131 statfs:137 fstatfs:138 futex:202 sched_getaffinity:204 sched_setaffinity:203 sched_getparam:143
  sched_getscheduler:145 sched_get_priority_max:146 sched_get_priority_min:147 getcpu:309 epoll_create:213
  epoll_create1:291 epoll_ctl:233 epoll_wait:232 epoll_pwait:281 set_tid_address:218 set_robust_list:273
  get_robust_list:274 restart_syscall:219 fadvise64:221 readahead:187 fallocate:285 clock_gettime:228
  clock_getres:229 tgkill:234 open:2 openat:257 newfstatat:262 statx:332 faccessat:269 faccessat2:439 eventfd:284
  eventfd2:290 getrandom:318 execve:59 rseq:334 membarrier:324 copy_file_range:326 sendfile:40
  arch_prctl:158 get_mempolicy:239 close_range:436
`;

/** The same calls, as far as they exist there (include/uapi/asm-generic/unistd.h). */
const ARM64 = `
  read:63 write:64 close:57 fstat:80 lseek:62 mmap:222 mprotect:226 munmap:215 brk:214 rt_sigaction:134
  rt_sigprocmask:135 rt_sigreturn:139 rt_sigpending:136 rt_sigtimedwait:137 pread64:67 pwrite64:68 readv:65
  writev:66 preadv:69 pwritev:70 pipe2:59 pselect6:72 ppoll:73 sched_yield:124 mremap:216 msync:227 mincore:232
  madvise:233 dup:23 dup3:24 nanosleep:101 clock_nanosleep:115 getitimer:102 setitimer:103 getpid:172 gettid:178
  getppid:173 exit:93 exit_group:94 wait4:260 uname:160 fcntl:25 flock:32 fsync:82 fdatasync:83 truncate:45
  ftruncate:46 getdents64:61 getcwd:17 chdir:49 fchdir:50 renameat:38 renameat2:276 mkdirat:34 unlinkat:35
  readlinkat:78 symlinkat:36 linkat:37 fchmod:52 fchmodat:53 umask:166 utimensat:88 gettimeofday:169 times:153
  getrlimit:163 setrlimit:164 prlimit64:261 getrusage:165 sysinfo:179 getuid:174 getgid:176 geteuid:175
  getegid:177 getgroups:158 getresuid:148 getresgid:150 sigaltstack:132 statfs:43 fstatfs:44 futex:98
  sched_getaffinity:123 sched_setaffinity:122 sched_getparam:121 sched_getscheduler:120 sched_get_priority_max:125
  sched_get_priority_min:126 getcpu:168 epoll_create1:20 epoll_ctl:21 epoll_pwait:22 set_tid_address:96
  set_robust_list:99 get_robust_list:100 restart_syscall:128 fadvise64:223 readahead:213 fallocate:47
  clock_gettime:113 clock_getres:114 tgkill:131 openat:56 newfstatat:79 statx:291 faccessat:48 faccessat2:439
  eventfd2:19 getrandom:278 execve:221 rseq:293 membarrier:283 copy_file_range:285 sendfile:71
  get_mempolicy:236 close_range:436
`;

export const PROCESSORS: readonly Processor[] = [
  { arch: 'x64', audit: 0xc000003e, foreignFrom: 0x40000000, allowed: numbers(X64), clone: 56, ioctl: 16, prctl: 157 },
  {
    arch: 'arm64',
    audit: 0xc00000b7,
    foreignFrom: undefined,
    allowed: numbers(ARM64),
    clone: 220,
    ioctl: 29,
    prctl: 167,
  },
];

function numbers(table: string): readonly number[] {
  return [...table.matchAll(/:(\d+)/g)].map(([, number]) => Number(number));
}
