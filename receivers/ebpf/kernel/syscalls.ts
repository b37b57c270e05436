import {
  SYS_CHDIR,
  SYS_CONNECT,
  SYS_COPY_FILE_RANGE,
  SYS_LINK,
  SYS_LINKAT,
  SYS_MKDIR,
  SYS_MKDIRAT,
  SYS_OPEN,
  SYS_READ,
  SYS_READV,
  SYS_RECVMSG,
  SYS_RENAME,
  SYS_RENAMEAT,
  SYS_RMDIR,
  SYS_SENDFILE,
  SYS_SENDMSG,
  SYS_SYMLINK,
  SYS_SYMLINKAT,
  SYS_TRUNCATE,
  SYS_UNLINK,
  SYS_UNLINKAT,
  SYS_WRITE,
  SYS_WRITEV,
} from './layout.gen.ts';

/** What the sensor makes of a system call, by its number on x86-64 (Linux arch/x86/entry/syscalls/syscall_64.tbl). */
export const SYSCALLS_X64: readonly (readonly [number, number])[] = [
  [0, SYS_READ],
  [1, SYS_WRITE],
  [2, SYS_OPEN],
  [17, SYS_READ], // pread64
  [18, SYS_WRITE], // pwrite64
  [19, SYS_READV],
  [20, SYS_WRITEV],
  [40, SYS_SENDFILE],
  [42, SYS_CONNECT],
  [44, SYS_WRITE], // sendto
  [45, SYS_READ], // recvfrom
  [46, SYS_SENDMSG],
  [47, SYS_RECVMSG],
  [76, SYS_TRUNCATE],
  [80, SYS_CHDIR],
  [81, SYS_CHDIR], // fchdir
  [82, SYS_RENAME],
  [83, SYS_MKDIR],
  [84, SYS_RMDIR],
  [85, SYS_OPEN], // creat
  [86, SYS_LINK],
  [87, SYS_UNLINK],
  [88, SYS_SYMLINK],
  [257, SYS_OPEN], // openat
  [258, SYS_MKDIRAT],
  [263, SYS_UNLINKAT],
  [264, SYS_RENAMEAT],
  [265, SYS_LINKAT],
  [266, SYS_SYMLINKAT],
  [275, SYS_COPY_FILE_RANGE], // splice
  [295, SYS_READV], // preadv
  [296, SYS_WRITEV], // pwritev
  [316, SYS_RENAMEAT], // renameat2
  [326, SYS_COPY_FILE_RANGE],
  [327, SYS_READV], // preadv2
  [328, SYS_WRITEV], // pwritev2
  [437, SYS_OPEN], // openat2
];
