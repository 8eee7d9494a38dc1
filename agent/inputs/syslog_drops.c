#include "agent/inputs/syslog_drops.h"

#include <stdio.h>
#include <sys/stat.h>

#include "common/file.h"

enum { BOOT_ID_MAX = 36 };

void syslog_drops_init(struct syslog_drops *drops, int fd)
{
	struct strbuf boot = STRBUF_INIT(BOOT_ID_MAX + 1);
	struct stat st;

	*drops = (struct syslog_drops){0};
	if (file_read("/proc/sys/kernel/random/boot_id", &boot, NULL) && fstat(fd, &st) == 0)
		snprintf(drops->socket, sizeof(drops->socket), "%.*s %llu",
			SLICE_FMT(slice_trim(strbuf_slice(&boot))),
			(unsigned long long)st.st_ino);
	strbuf_done(&boot);
}

void syslog_drops_recall(struct syslog_drops *drops, struct slice position)
{
	struct slice socket = slice_str(drops->socket);
	uint64_t declared;

	if (socket.len == 0 || !slice_starts(position, socket))
		return;
	position = slice_from(position, socket.len);
	if (slice_starts(position, SLICE_LIT(" ")) &&
		slice_to_u64(slice_from(position, 1), UINT64_MAX, &declared))
		drops->declared = declared;
}

uint64_t syslog_drops_declare(struct syslog_drops *drops, uint64_t more)
{
	drops->told += more;
	if (drops->told <= drops->declared)
		return 0;
	more = drops->told - drops->declared;
	drops->declared = drops->told;
	return more;
}

struct slice syslog_drops_position(
	const struct syslog_drops *drops, char text[SYSLOG_DROPS_MAX])
{
	if (drops->socket[0] == '\0')
		return SLICE_NONE;
	snprintf(text, SYSLOG_DROPS_MAX, "%s %llu", drops->socket,
		(unsigned long long)drops->declared);
	return slice_str(text);
}
