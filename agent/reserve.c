#include "agent/reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RESERVE_MIN = 64 << 10 }; /* bytes */

static uint64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

void reserve_init(struct reserve *reserve, const char *dir)
{
	snprintf(reserve->path, sizeof(reserve->path), "%s/reserve", dir);
	reserve->size = size_of(reserve->path);
}

/* Twice the file: it may have grown when it is written next. */
void reserve_keep(struct reserve *reserve, const char *file)
{
	uint64_t needed = size_of(file) * 2, size = needed + RESERVE_MIN;

	if (reserve->size > needed)
		return;

	int fd = open(reserve->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, (off_t)size) == 0)
		reserve->size = size;
	else
		(void)reserve_spend(reserve);
	close(fd);
}

bool reserve_spend(struct reserve *reserve)
{
	bool was = reserve->size > 0;

	reserve->size = 0;
	return unlink(reserve->path) == 0 && was;
}
