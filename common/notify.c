#include "common/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

static void send_text(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* abstract */

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

static void send_state(const char *state, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s%s", state, status ? "\nSTATUS=" : "",
		status ? status : "");
	send_text(text);
}

void notify_ready(const char *status)
{
	send_state("READY=1", status);
}

void notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)(clock_mono_ns() / 1000));
	send_text(text);
}

void notify_stopping(const char *status)
{
	send_state("STOPPING=1", status);
}

void notify_status(const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "STATUS=%s", status);
	send_text(text);
}

void notify_watchdog(void)
{
	send_text("WATCHDOG=1");
}

uint64_t notify_watchdog_interval_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t usec, wanted;

	if (text == NULL || !slice_to_u64(slice_str(text), UINT64_MAX, &usec))
		return 0;
	if (pid != NULL && slice_to_u64(slice_str(pid), INT32_MAX, &wanted) &&
		wanted != (uint64_t)getpid())
		return 0;
	return usec / 2000;
}
