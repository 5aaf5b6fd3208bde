/* wait.h - wait4(2), waitid(2), and how a status word is put together. */
#ifndef UAPI_WAIT_H
#define UAPI_WAIT_H

#define WNOHANG		0x00000001
#define WUNTRACED	0x00000002
#define WSTOPPED	0x00000002
#define WEXITED		0x00000004
#define WCONTINUED	0x00000008
#define WNOWAIT		0x01000000
#define __WNOTHREAD	0x20000000
#define __WALL		0x40000000
#define __WCLONE	0x80000000

#define P_ALL		0
#define P_PID		1
#define P_PGID		2

/*
 * Bits 0-6: the signal that killed the process, 0 if it exited; bit 7: core dumped;
 * bits 8-15: the exit code. 0x7f and a signal in bits 8-15: it is stopped. 0xffff: it goes on.
 */
#define WTERMSIG(status)	((status) & 0x7f)
#define WCOREDUMP(status)	((status) & 0x80)
#define WEXITSTATUS(status)	(((status) >> 8) & 0xff)
#define WIFEXITED(status)	(WTERMSIG(status) == 0)
#define WIFSIGNALED(status)	(WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WIFSTOPPED(status)	(((status) & 0xff) == 0x7f)
#define WSTOPSIG(status)	WEXITSTATUS(status)
#define WIFCONTINUED(status)	((status) == 0xffff)

#endif
