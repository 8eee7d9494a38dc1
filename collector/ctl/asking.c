#include "collector/ctl/asking.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/file.h"

enum { PATIENCE_S = 15 };

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		(size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
			sizeof(address.sun_path) ||
		connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		err_sys(err, "asking the collector at %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static bool read_answer(int fd, struct strbuf *answer, struct err *err)
{
	enum { PART = 64 * 1024 };

	for (;;) {
		char *to = strbuf_reserve(answer, PART);
		ssize_t n = to ? read(fd, to, PART) : 0;

		if (to == NULL)
			return err_set(err, "the answer is larger than %d bytes", ANSWER_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading the answer");
		if (n == 0)
			return answer->len > 0 || err_set(err, "the collector hung up");
		strbuf_extend(answer, (size_t)n);
	}
}

bool ask_collector(
	const char *path, const char *request, struct strbuf *answer, struct err *err)
{
	int fd = connect_to(path, err);

	if (fd < 0)
		return false;
	bool ok = file_write_all(fd, request, strlen(request)) && file_write_all(fd, "\n", 1)
			  ? read_answer(fd, answer, err)
			  : err_sys(err, "asking");
	close(fd);
	return ok;
}
