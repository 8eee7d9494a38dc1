#include "agent/inputs/syslog_bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/inputs/source_word.h"
#include "common/datagrams.h"
#include "common/file.h"
#include "common/netaddr.h"

enum { LISTEN_FDS_START = 3, LISTEN_FDS_MAX = 64 };

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	};
	socklen_t len;
};

/* ---- addresses ------------------------------------------------------------ */

static bool unix_address(const char *path, struct address *address, struct err *err)
{
	size_t size = strlen(path) + 1;

	if (size > sizeof(address->local.sun_path))
		return err_set(err, "%s: path of a socket is longer than %zu bytes", path,
			sizeof(address->local.sun_path) - 1);
	*address = (struct address){.local.sun_family = AF_UNIX};
	memcpy(address->local.sun_path, path, size);
	address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	return true;
}

/* Senders elsewhere in the network are the collector's business: it knows who they are. */
static bool udp_address(const char *text, struct address *address, struct err *err)
{
	struct netaddr from;
	int size = sizeof(address->room);

	*address = (struct address){0};
	if (evutil_parse_sockaddr_port(text, &address->any, &size) != 0 ||
		!netaddr_from_sockaddr(&address->any, &from))
		return err_set(err, "'%s' is no address with a port", text);
	if (netaddr_scope(&from) != NETADDR_LOOPBACK)
		return err_set(err,
			"%s is not a loopback address; devices in the network log to the "
			"collector",
			text);
	address->len = (socklen_t)size;
	return true;
}

static bool same_address(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	switch (a->any.sa_family) {
	case AF_UNIX:
		return strncmp(a->local.sun_path, b->local.sun_path,
			       sizeof(a->local.sun_path)) == 0;
	case AF_INET:
		return a->v4.sin_port == b->v4.sin_port &&
		       a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	case AF_INET6:
		return a->v6.sin6_port == b->v6.sin6_port &&
		       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
	default:
		return false;
	}
}

/* ---- handed over by the service manager ------------------------------------ */

static unsigned long number_of(const char *name)
{
	const char *text = getenv(name);
	uint64_t value;

	return text != NULL && slice_to_u64(slice_str(text), INT32_MAX, &value)
		       ? (unsigned long)value
		       : 0;
}

static bool is_socket_at(int fd, const struct address *address)
{
	struct address bound = {.len = sizeof(bound.room)};
	socklen_t type_len = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       type == SOCK_DGRAM && getsockname(fd, &bound.any, &bound.len) == 0 &&
	       same_address(&bound, address);
}

/* sd_listen_fds(3): descriptors from 3 on, when LISTEN_PID is us. */
static int inherited_socket(const struct address *address)
{
	unsigned long n = number_of("LISTEN_FDS");

	if (number_of("LISTEN_PID") != (unsigned long)getpid() || n > LISTEN_FDS_MAX)
		return -1;
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + (int)n; fd++)
		if (is_socket_at(fd, address))
			return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

/* ---- the socket's file ------------------------------------------------------ */

/* 0 or an errno; EADDRINUSE when a living socket has the name. */
static int remove_stale(const struct address *address)
{
	const char *path = address->local.sun_path;
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	int result = connect(fd, &address->any, address->len) == 0 ? EADDRINUSE : errno;
	close(fd);
	/* EPROTOTYPE: a stream socket listens there. */
	if (result == EPROTOTYPE || result == EAGAIN)
		result = EADDRINUSE;
	if (result != ECONNREFUSED)
		return result;
	return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

static bool user_of(const char *name, uid_t *uid, struct err *err)
{
	uint64_t number;
	const struct passwd *user;

	*uid = (uid_t)-1;
	if (name[0] == '\0')
		return true;
	if (slice_to_u64(slice_str(name), UINT32_MAX - 1, &number)) {
		*uid = (uid_t)number;
		return true;
	}
	user = getpwnam(name);
	if (user == NULL)
		return err_set(err, "owner '%s': no such user", name);
	*uid = user->pw_uid;
	return true;
}

static bool group_of(const char *name, gid_t *gid, struct err *err)
{
	uint64_t number;
	const struct group *group;

	*gid = (gid_t)-1;
	if (name[0] == '\0')
		return true;
	if (slice_to_u64(slice_str(name), UINT32_MAX - 1, &number)) {
		*gid = (gid_t)number;
		return true;
	}
	group = getgrnam(name);
	if (group == NULL)
		return err_set(err, "group '%s': no such group", name);
	*gid = group->gr_gid;
	return true;
}

static bool mode_of(const char *text, mode_t *mode, struct err *err)
{
	*mode = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '7' || at - text >= 4)
			return err_set(err, "mode '%s' is not octal, like 0666", text);
		*mode = *mode << 3 | (mode_t)(*at - '0');
	}
	if (*mode > 0777)
		return err_set(err, "mode '%s' has more than permissions", text);
	return true;
}

static void remember_file(struct syslog_bound *bound, const char *path)
{
	struct stat st;

	snprintf(bound->path, sizeof(bound->path), "%s", path);
	if (lstat(path, &st) == 0) {
		bound->device = st.st_dev;
		bound->inode = st.st_ino;
	}
}

/* Nobody gets in before owner and mode are as they should be. */
static bool bind_file(const struct syslog_socket_settings *settings,
	const struct address *address, struct syslog_bound *bound, struct err *err)
{
	const char *path = settings->path;
	uid_t uid;
	gid_t gid;
	mode_t mode;

	if (!mode_of(settings->mode, &mode, err) || !user_of(settings->owner, &uid, err) ||
		!group_of(settings->group, &gid, err))
		return false;
	errno = remove_stale(address);
	if (errno != 0)
		return err_sys(err, "%s", path);
	mode_t old = umask(0777);
	int failed = bind(bound->fd, &address->any, address->len);
	umask(old);
	if (failed)
		return err_sys(err, "%s", path);
	remember_file(bound, path);
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && lchown(path, uid, gid) != 0)
		return err_sys(err, "owner of %s", path);
	if (chmod(path, mode) != 0)
		return err_sys(err, "mode of %s", path);
	return true;
}

static bool make_folder(const char *path, struct err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return true;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	return file_make_dirs(folder, 0755, err);
}

/* ---- open and close --------------------------------------------------------- */

static void set_limits(
	const struct syslog_socket_settings *settings, struct syslog_bound *bound)
{
	datagrams_count_drops(bound->fd);
	if (bound->is_udp)
		bound->buffer = datagrams_widen(bound->fd, settings->buffer);
}

static bool make_socket(const struct syslog_socket_settings *settings,
	const struct address *address, struct syslog_bound *bound, struct err *err)
{
	bound->fd =
		socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bound->fd < 0)
		return err_sys(err, "socket");
	if (bound->is_udp)
		return bind(bound->fd, &address->any, address->len) == 0 ||
		       err_sys(err, "udp %s", settings->udp);
	return make_folder(settings->path, err) && bind_file(settings, address, bound, err);
}

static bool take_inherited(struct syslog_bound *bound, struct err *err)
{
	bound->inherited = true;
	return evutil_make_socket_nonblocking(bound->fd) == 0 ||
	       err_sys(err, "socket from the service manager");
}

static bool address_of(
	const struct syslog_socket_settings *settings, struct address *address, struct err *err)
{
	if ((settings->path[0] != '\0') == (settings->udp[0] != '\0'))
		return err_set(err, "a socket needs 'path' or 'udp', one of them");
	return settings->path[0] != '\0' ? unix_address(settings->path, address, err)
					 : udp_address(settings->udp, address, err);
}

bool syslog_settings_check(const struct syslog_socket_settings *settings, struct err *err)
{
	struct source_word word;
	struct address address;
	mode_t mode;

	return source_word_make(
		       settings->format, settings->zone, settings->charset, &word, err) &&
	       address_of(settings, &address, err) && mode_of(settings->mode, &mode, err);
}

bool syslog_bind(const struct syslog_socket_settings *settings, struct syslog_bound *bound,
	struct err *err)
{
	struct address address;

	*bound = (struct syslog_bound){.fd = -1, .is_udp = settings->udp[0] != '\0'};
	if (!address_of(settings, &address, err))
		return false;

	bound->fd = inherited_socket(&address);
	bool ready = bound->fd >= 0 ? take_inherited(bound, err)
				    : make_socket(settings, &address, bound, err);
	if (!ready) {
		syslog_unbind(bound);
		return false;
	}
	set_limits(settings, bound);
	return true;
}

void syslog_unbind(struct syslog_bound *bound)
{
	struct stat st;

	if (bound->fd >= 0)
		close(bound->fd);
	bound->fd = -1;
	if (bound->path[0] != '\0' && lstat(bound->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		st.st_dev == bound->device && st.st_ino == bound->inode)
		(void)unlink(bound->path);
	bound->path[0] = '\0';
}
