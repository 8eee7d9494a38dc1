/* settings - what ingest can be told; the table is in settings.c */
#ifndef COLLECTOR_INGEST_SETTINGS_H
#define COLLECTOR_INGEST_SETTINGS_H

#include "collector/ingest/senders/sender_settings.h"

struct ingest_settings {
	const char *listen; /* address:port agents connect to */
	uint32_t workers;   /* threads; 0 = one per processor */
	const char *ca, *crl, *certificate, *key;
	uint32_t connections_max; /* of all agents */
	uint32_t agency_connections_max;
	uint32_t handshakes_max;         /* unfinished ones, all workers together */
	uint32_t address_handshakes_max; /* unfinished ones of one client address */
	uint64_t handshake_ms, frame_ms, write_ms, heartbeat_ms;
	uint64_t window;      /* unacknowledged bytes of one session */
	uint32_t batches;     /* of one worker */
	uint64_t agency_rate; /* bytes a second of one agency; 0 = no limit */
	struct sender_settings syslog;
};

extern const struct setting ingest_settings_table[];

#endif
