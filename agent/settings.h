/* settings - what configs/agent.yaml may say */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "agent/inputs/file_settings.h"
#include "agent/inputs/inventory.h"
#include "agent/inputs/journal.h"
#include "agent/inputs/syslog_socket.h"
#include "agent/inputs/yara.h"
#include "common/conf.h"
#include "common/setting.h"
#include "common/tls.h"

struct spool_settings {
	uint64_t urgent_size, bulk_size; /* bytes each lane may take on disk */
	uint64_t segment_size;
};

struct uplink_settings {
	struct setting_texts collector; /* "host:port", one collector's addresses */
	const char *name;               /* its name in the certificate */
	uint64_t connect_ms;            /* TCP and TLS handshake */
	uint64_t hello_ms;              /* for the collector's answer */
	uint64_t write_ms;              /* for the collector to take what was written */
	uint64_t retry_first_ms, retry_most_ms;
};

struct agent_settings {
	const char *state_dir;
	int log_level; /* enum log_level */
	uint64_t drain_ms;
	struct tls_settings tls;
	struct uplink_settings uplink;
	struct spool_settings spool;
	struct files_settings files;
	struct journals_settings journal;
	struct syslog_settings syslog;
	struct yara_settings yara;
	struct inventory_settings inventory;
};

extern const struct setting agent_settings_table[];
extern const char agent_settings_head[];

/*
 * Reads and checks a file; NULL with the mistakes added, a line each. The settings live as long
 * as the conf.
 */
MUST_USE struct conf *agent_settings_load(
	const char *path, struct agent_settings *settings, struct strbuf *mistakes);

#endif
