#include "tests/support/faultlib/faultlib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char trace_magic[8] = "SOCIOT1\n";

void iotrace_put(struct trace_record record, const char *path, const char *second,
	const struct iovec *data, int n_data, size_t size)
{
	struct iovec parts[IOV_MAX];
	int n = 3;

	if (self.trace_fd < 0)
		return;
	record.path_len = (uint16_t)(path ? strlen(path) : 0);
	if (second != NULL)
		record.b = strlen(second);
	parts[0] = (struct iovec){&record, sizeof(record)};
	parts[1] = (struct iovec){(void *)(uintptr_t)path, record.path_len};
	parts[2] = (struct iovec){(void *)(uintptr_t)second, second ? record.b : 0};
	size_t left = size, total = sizeof(record) + record.path_len + parts[2].iov_len + size;
	for (int i = 0; i < n_data && left > 0 && n < IOV_MAX; i++) {
		size_t part = data[i].iov_len < left ? data[i].iov_len : left;
		parts[n++] = (struct iovec){data[i].iov_base, part};
		left -= part;
	}
	record.size = (uint32_t)total;
	if (left > 0 || syscall(SYS_writev, self.trace_fd, parts, n) != (long)total)
		misused("the trace cannot be written", strerror(errno));
}

void iotrace_open(void)
{
	const char *name = getenv("SOC_IOTRACE"), *mark;
	char path[PATH_MAX];

	if (name == NULL || *name == '\0')
		return;
	if (self.prefix[0] == '\0')
		misused("SOC_IOTRACE needs SOC_FAULT_PATH", name);
	if ((mark = strstr(name, "%p")) != NULL)
		snprintf(path, sizeof(path), "%.*s%d%s", (int)(mark - name), name, getpid(),
			mark + 2);
	else
		snprintf(path, sizeof(path), "%s", name);
	if (self.trace_fd >= 0)
		syscall(SYS_close, self.trace_fd);
	int fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	/* High up, where programs that close what they inherit do not look. */
	self.trace_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 1000);
	if (self.trace_fd < 0)
		misused("the trace cannot be opened", path);
	syscall(SYS_close, fd);
	if (lseek(self.trace_fd, 0, SEEK_END) == 0)
		syscall(SYS_write, self.trace_fd, trace_magic, sizeof(trace_magic));
}
