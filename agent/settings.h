/* settings - what configs/agent.yaml may say; the table is in settings.c */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include <stdbool.h>

#include "agent/inputs/syslog_socket.h"
#include "common/setting.h"
#include "common/tls.h"

/* One group of log files that are read alike. */
struct file_settings {
	struct setting_texts paths;   /* glob patterns */
	struct setting_texts exclude; /* glob patterns */
	const char *format;           /* parser's name, or "auto" */
	int begin;                    /* enum file_begin */
	bool test;                    /* records are marked as test or drill */
	uint64_t record_max;          /* bytes */
	uint64_t unfinished_ms;       /* a last line without newline is given up after that */
	uint64_t rotated_ms; /* a rotated file must be silent so long before the next is read */
	struct {
		int by;            /* enum line_rule_kind */
		const char *start; /* expression of first lines */
		uint32_t lines_max;
		uint64_t wait_ms;
	} multiline;
};

enum file_begin { FILE_BEGIN_START, FILE_BEGIN_END };

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
	struct {
		uint32_t open_max; /* descriptors kept for idle files */
		uint64_t poll_ms;  /* files are looked at so often even when nothing is heard */
		struct setting_sections groups; /* struct file_settings */
	} files;
	struct syslog_settings syslog;
};

extern const struct setting agent_settings_table[];

#endif
