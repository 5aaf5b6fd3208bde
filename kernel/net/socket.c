/* The calls on sockets: socketpair(2), sendmsg(2), recvmsg(2) and what is made of them. */
#include "kernel/fs/files.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/read_write.h"
#include "kernel/net/garbage.h"
#include "kernel/net/unix.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/socket.h"
#include "mm/slab.h"

#define MAX_ADDRESS	128	/* struct sockaddr_storage */
#define MIN_SNDBUF	4608u
#define MIN_RCVBUF	2304u

/*
 * The socket of a descriptor: *f is the caller's to put if there is no error. -EBADF, -ENOTSOCK.
 */
static long socket_get(int fd, struct fd *f)
{
	*f = fd_get_io(fd);
	if (!f->file)
		return -EBADF;
	if (unix_end_of(f->file))
		return 0;
	fd_put(*f);
	return -ENOTSOCK;
}

/* An address to send to: sockets of a pair take none. Datagrams could go elsewhere: to nobody. */
static long check_address(const struct file *file, const void *user, int len)
{
	char address[MAX_ADDRESS];

	if (!user)
		return 0;
	if (len < 0 || len > MAX_ADDRESS)
		return -EINVAL;
	if (copy_from_user(address, user, (size_t)len))
		return -EFAULT;
	if (!len)
		return 0;
	switch (unix_end_of(file)->pair->type) {
	case SOCK_STREAM: return -EISCONN;
	case SOCK_DGRAM: return -ECONNREFUSED;
	default: return 0;
	}
}

/* ---- files that travel ---- */

static long add_file(struct unix_files *files, const int *user)
{
	struct fd f;
	int fd;

	if (copy_from_user(&fd, user, sizeof(fd)))
		return -EFAULT;
	f = fd_get(fd);
	if (!f.file)
		return -EBADF;
	file_get(f.file);
	files->file[files->nr++] = f.file;
	fd_put(f);
	return 0;
}

/* One control message of descriptors, added to those before. */
static long add_files(struct unix_files **files, const int *user, size_t n)
{
	long ret = 0;

	if (n > SCM_MAX_FD - (*files ? (*files)->nr : 0))
		return -EINVAL;
	if (n && too_many_in_flight())
		return -ETOOMANYREFS;
	if (n && !*files) {
		*files = unix_files_alloc(SCM_MAX_FD);
		if (!*files)
			return -ENOMEM;
		(*files)->nr = 0;
	}
	for (size_t i = 0; i < n && !ret; i++)
		ret = add_file(*files, user + i);
	return ret;
}

/* The control messages of a sendmsg(): of other levels than ours they are nobody's. */
static long control_from_user(const struct msghdr *msg, struct unix_files **files)
{
	const char *at = msg->msg_control;
	size_t left = msg->msg_controllen;
	struct cmsghdr c;
	long ret = 0;

	if (left > 0x7fffffff)
		return -ENOBUFS;
	while (!ret && left >= sizeof(c)) {
		if (copy_from_user(&c, at, sizeof(c)))
			return -EFAULT;
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > left)
			return -EINVAL;
		if (c.cmsg_level == SOL_SOCKET && c.cmsg_type != SCM_RIGHTS)
			return -EINVAL;
		if (c.cmsg_level == SOL_SOCKET)
			ret = add_files(files, (const int *)(at + sizeof(c)),
					(c.cmsg_len - sizeof(c)) / sizeof(int));
		if (CMSG_ALIGN(c.cmsg_len) >= left)
			break;
		at += CMSG_ALIGN(c.cmsg_len);
		left -= CMSG_ALIGN(c.cmsg_len);
	}
	return ret;
}

/* Gives a file the next number, and tells it. */
static bool receive_file(int *user, struct file **file, bool cloexec)
{
	int fd = fd_reserve(0, cloexec);

	if (fd < 0)
		return false;
	if (copy_to_user(user, &fd, sizeof(fd))) {
		fd_cancel(fd);
		return false;
	}
	fd_install(fd, *file);
	*file = NULL;
	return true;
}

/* As many as there is room for; the others are dropped. Bytes of control. */
static size_t control_to_user(const struct msghdr *msg, struct unix_files *files, bool cloexec,
			      u32 *flags)
{
	struct cmsghdr c = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	size_t room = msg->msg_controllen, bytes;
	char *at = msg->msg_control;
	unsigned int n = 0;

	room = at && room > sizeof(c) ? (room - sizeof(c)) / sizeof(int) : 0;
	while (n < files->nr && n < room &&
	       receive_file((int *)(at + sizeof(c)) + n, &files->file[n], cloexec))
		n++;
	if (n < files->nr)
		*flags |= MSG_CTRUNC;
	bytes = n * sizeof(int);
	c.cmsg_len = CMSG_LEN(bytes);
	if (!n || copy_to_user(at, &c, sizeof(c)))
		return 0;
	return min(CMSG_SPACE(bytes), (size_t)msg->msg_controllen);
}

/* ---- sendmsg, recvmsg ---- */

/* The buffers of a message. -EMSGSIZE, -EFAULT, -EINVAL. */
static long message_iter(const struct msghdr *msg, struct iov_iter *iter)
{
	long total = msg->msg_iovlen > UIO_MAXIOV ? -EMSGSIZE :
						    check_vector(msg->msg_iov, msg->msg_iovlen);

	if (total >= 0)
		*iter = iov_iter_vec(msg->msg_iov, (size_t)total);
	return total < 0 ? total : 0;
}

static long do_sendmsg(struct file *file, const struct msghdr *msg, unsigned int flags)
{
	struct unix_files *files = NULL;
	struct iov_iter iter;
	long ret = check_address(file, msg->msg_name, msg->msg_namelen);
	long bad = message_iter(msg, &iter);

	/* An address is looked at when all else has been read. */
	if (bad && (!ret || ret == -EISCONN || ret == -ECONNREFUSED))
		ret = bad;
	if (!ret)
		ret = control_from_user(msg, &files);
	if (!ret)
		ret = unix_send(file, &iter, &files, flags);
	unix_files_put(files);
	return ret;
}

SYSCALL_DEFINE3(sendmsg, int, fd, const struct msghdr *, user, unsigned int, flags)
{
	struct msghdr msg;
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	ret = copy_from_user(&msg, user, sizeof(msg)) ? -EFAULT : do_sendmsg(f.file, &msg, flags);
	fd_put(f);
	return ret;
}

static long do_recvmsg(struct file *file, struct msghdr *msg, struct msghdr *user,
		       unsigned int flags)
{
	struct unix_files *files = NULL;
	size_t control = 0;
	struct iov_iter iter;
	u32 out = flags & MSG_CMSG_CLOEXEC;
	long done = msg->msg_name && msg->msg_namelen < 0 ? -EINVAL : message_iter(msg, &iter);

	if (!done)
		done = unix_receive(file, &iter, &files, flags, &out);
	if (files) {
		control = control_to_user(msg, files, flags & MSG_CMSG_CLOEXEC, &out);
		unix_files_put(files);
	}
	if (done < 0)
		return done;
	msg->msg_namelen = 0;	/* of the sender: it has no name */
	msg->msg_controllen = control;
	msg->msg_flags = out;
	return copy_to_user(user, msg, sizeof(*msg)) ? -EFAULT : done;
}

SYSCALL_DEFINE3(recvmsg, int, fd, struct msghdr *, user, unsigned int, flags)
{
	struct msghdr msg;
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	ret = copy_from_user(&msg, user, sizeof(msg)) ? -EFAULT :
							do_recvmsg(f.file, &msg, user, flags);
	fd_put(f);
	return ret;
}

static long do_sendto(struct file *file, const void *buf, size_t n, unsigned int flags,
		      const void *address, int len)
{
	struct iov_iter iter = iov_iter_buf(buf, min(n, MAX_RW));
	long ret = check_address(file, address, len);

	return ret ? ret : unix_send(file, &iter, NULL, flags);
}

SYSCALL_DEFINE6(sendto, int, fd, const void *, buf, size_t, n, unsigned int, flags,
		const void *, address, int, len)
{
	struct fd f;
	long ret = access_ok(buf, n) ? socket_get(fd, &f) : -EFAULT;

	if (ret)
		return ret;
	ret = do_sendto(f.file, buf, n, flags, address, len);
	fd_put(f);
	return ret;
}

/* The name of a socket of a pair: nothing but its family, or not even that. */
static long name_to_user(void *user, int *user_len, const void *name, int name_len)
{
	int len;

	if (copy_from_user(&len, user_len, sizeof(len)))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (copy_to_user(user, name, (size_t)min(len, name_len)))
		return -EFAULT;
	return copy_to_user(user_len, &name_len, sizeof(name_len)) ? -EFAULT : 0;
}

SYSCALL_DEFINE6(recvfrom, int, fd, void *, buf, size_t, n, unsigned int, flags, void *, address,
		int *, len)
{
	struct iov_iter iter = iov_iter_buf(buf, min(n, MAX_RW));
	struct fd f;
	long ret = access_ok(buf, n) ? socket_get(fd, &f) : -EFAULT, bad;
	u32 out;

	if (ret)
		return ret;
	ret = unix_receive(f.file, &iter, NULL, flags, &out);
	fd_put(f);
	bad = ret >= 0 && address ? name_to_user(address, len, NULL, 0) : 0;
	return bad ? bad : ret;
}

static long get_name(int fd, void *user, int *user_len)
{
	static const u16 name = AF_UNIX;
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	fd_put(f);
	return name_to_user(user, user_len, &name, sizeof(name));
}

SYSCALL_DEFINE3(getsockname, int, fd, void *, user, int *, len) { return get_name(fd, user, len); }
SYSCALL_DEFINE3(getpeername, int, fd, void *, user, int *, len) { return get_name(fd, user, len); }

/* ---- socketpair, shutdown ---- */

/* The type that a family and a type of a program's mean, or -errno. There is no network. */
static int socket_type(int family, int type, int protocol)
{
	int kind = type & SOCK_TYPE_MASK;

	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (kind >= SOCK_MAX)
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (kind == SOCK_RAW)
		return SOCK_DGRAM;
	return kind == SOCK_STREAM || kind == SOCK_DGRAM || kind == SOCK_SEQPACKET ?
		       kind : -ESOCKTNOSUPPORT;
}

/* There is no network, and no name to listen at: sockets come in pairs. */
SYSCALL_DEFINE3(socket, int, family, int, type, int, protocol)
{
	int kind = socket_type(family, type, protocol);

	return kind < 0 ? kind : -EAFNOSUPPORT;
}

SYSCALL_DEFINE4(socketpair, int, family, int, type, int, protocol, int *, user)
{
	int kind = socket_type(family, type, protocol);
	struct file *ends[2];
	long ret;

	if (kind < 0)
		return kind;
	ret = unix_pair_open(ends, kind, type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	return ret ? ret : fd_new_pair(ends, user, type & SOCK_CLOEXEC);
}

SYSCALL_DEFINE2(shutdown, int, fd, int, how)
{
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	if (how < SHUT_RD || how > SHUT_RDWR)
		ret = -EINVAL;
	else
		unix_shutdown(unix_end_of(f.file), (unsigned int)how + 1);
	fd_put(f);
	return ret;
}

/* ---- options ---- */

static long get_option(struct unix_end *end, int level, int name, int *value)
{
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	switch (name) {
	case SO_TYPE: *value = end->pair->type; return 0;
	case SO_DOMAIN: *value = AF_UNIX; return 0;
	case SO_PROTOCOL: *value = 0; return 0;
	case SO_ACCEPTCONN: *value = 0; return 0;
	case SO_ERROR: *value = unix_take_error(end); return 0;
	case SO_SNDBUF: *value = (int)READ_ONCE(end->sndbuf); return 0;
	case SO_RCVBUF: *value = (int)READ_ONCE(end->rcvbuf); return 0;
	default: return -ENOPROTOOPT;
	}
}

SYSCALL_DEFINE5(getsockopt, int, fd, int, level, int, name, void *, user, int *, user_len)
{
	int value = 0, len;
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	if (copy_from_user(&len, user_len, sizeof(len)))
		ret = -EFAULT;
	else if (len < 0)
		ret = -EINVAL;
	else
		ret = get_option(unix_end_of(f.file), level, name, &value);
	fd_put(f);
	if (ret)
		return ret;
	len = min(len, (int)sizeof(value));
	if (copy_to_user(user, &value, (size_t)len))
		return -EFAULT;
	return copy_to_user(user_len, &len, sizeof(len)) ? -EFAULT : 0;
}

/* Twice what the program asks for, as Linux counts its own expenses too. */
static unsigned int buffer_size(int value, unsigned int least)
{
	return max(min((unsigned int)value, DEFAULT_BUFFER) * 2, least);
}

static long set_option(struct unix_end *end, int level, int name, const int *user, int len)
{
	int value;

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (len < (int)sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, user, sizeof(value)))
		return -EFAULT;
	switch (name) {
	case SO_SNDBUF: WRITE_ONCE(end->sndbuf, buffer_size(value, MIN_SNDBUF)); return 0;
	case SO_RCVBUF: WRITE_ONCE(end->rcvbuf, buffer_size(value, MIN_RCVBUF)); return 0;
	default: return -ENOPROTOOPT;
	}
}

SYSCALL_DEFINE5(setsockopt, int, fd, int, level, int, name, const void *, user, int, len)
{
	struct fd f;
	long ret = socket_get(fd, &f);

	if (ret)
		return ret;
	ret = set_option(unix_end_of(f.file), level, name, user, len);
	fd_put(f);
	return ret;
}
