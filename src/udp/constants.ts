/** Numbers of Linux on x64 and arm64, as in its headers. */

// sys/socket.h
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SCM_RIGHTS = 1;

// asm-generic/socket.h
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_SNDTIMEO = 21;
export const SO_ATTACH_FILTER = 26;
export const SO_DETACH_FILTER = 27;

// linux/io_uring.h
export const IORING_SETUP_SUBMIT_ALL = 1 << 7;
export const IORING_SETUP_SINGLE_ISSUER = 1 << 12;
export const IORING_SETUP_DEFER_TASKRUN = 1 << 13;
export const IORING_OFF_SQ_RING = 0;
export const IORING_OFF_SQES = 0x10000000;
export const IORING_OP_SEND = 26;
export const IOSQE_CQE_SKIP_SUCCESS = 1 << 6;

// linux/in.h
export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;

// linux/in6.h
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_TCLASS = 67;

// asm-generic/errno-base.h and errno.h
export const ECONNREFUSED = 111;

// linux/eventpoll.h, linux/eventfd.h
export const EPOLL_CLOEXEC = 0x80000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 1;
export const EFD_CLOEXEC = 0x80000;
export const EFD_NONBLOCK = 0x800;

// asm-generic/unistd.h; x64 has the same numbers.
export const SYS_io_uring_setup = 425;
export const SYS_io_uring_enter = 426;

// asm-generic/mman-common.h
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
