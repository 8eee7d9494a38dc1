#include "collector/ingest/descriptors.h"

#include <sys/resource.h>

#include "common/log.h"

enum {
	OTHERS = 512, /* segments, databases, Kafka, loops, local sockets */

	/* Of handshakes-max: in their places, handed over and not come to by a worker, and
	 * having given way and not closed yet. */
	SHARES = 3,
};

uint64_t descriptors_needed(const struct ingest_settings *settings)
{
	const struct written_listener *listeners = settings->syslog.listeners.items;
	uint64_t needed = (uint64_t)settings->connections_max +
			  SHARES * (uint64_t)settings->handshakes_max + OTHERS;

	for (size_t i = 0; i < settings->syslog.listeners.n; i++)
		needed += listeners[i].transport == TRANSPORT_UDP
				  ? 1
				  : listeners[i].connections_max + UINT64_C(1);
	return needed;
}

static uint64_t raise_limit(uint64_t needed)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return needed;
	if (files.rlim_cur < needed && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = needed < files.rlim_max ? needed : files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur;
}

void descriptors_fit(struct ingest_settings *settings)
{
	const uint64_t needed = descriptors_needed(settings);
	const uint64_t limit = raise_limit(needed);

	if (limit >= needed)
		return;

	const uint64_t room = limit > 2 * (uint64_t)OTHERS ? limit - OTHERS : limit / 2;
	if (settings->handshakes_max > room / 4 / SHARES)
		settings->handshakes_max = (uint32_t)(room / 4 / SHARES) + 1;
	const uint64_t left = room - room / 4;
	if (settings->connections_max > left)
		settings->connections_max = (uint32_t)left + 1;
	log_warn("ingest.descriptors",
		"limit=%llu needed=%llu connections_max=%u handshakes_max=%u, the settings ask "
		"for more; raise LimitNOFILE of the service",
		(unsigned long long)limit, (unsigned long long)needed,
		settings->connections_max, settings->handshakes_max);
}
