/*
 * journal_library - libsystemd's journal reader, when the host has it
 *
 * Loaded while running: the agent needs no libsystemd to be built, to start,
 * or to be linked statically. The types are those of sd-journal(3); functions
 * that came later than systemd 219 (CentOS 7) may be NULL.
 *
 * A journal belongs to the thread and the process that opened it.
 */
#ifndef AGENT_INPUTS_JOURNAL_LIBRARY_H
#define AGENT_INPUTS_JOURNAL_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define JOURNAL_LIBRARY_NAME "libsystemd.so.0"

struct sd_journal;

/* sd_id128_t */
union journal_id {
	uint8_t bytes[16];
	uint64_t words[2];
};

enum { JOURNAL_LOCAL_ONLY = 1 }; /* SD_JOURNAL_LOCAL_ONLY */

enum journal_wakeup { JOURNAL_NOP, JOURNAL_APPEND, JOURNAL_INVALIDATE };

/* Each is sd_journal_NAME(3); negative results are -errno. */
struct journal_library {
	int (*open)(struct sd_journal **journal, int flags);
	int (*open_directory)(struct sd_journal **journal, const char *path, int flags);
	int (*open_files)(struct sd_journal **journal, const char **paths, int flags);
	int (*open_namespace)(
		struct sd_journal **journal, const char *name, int flags); /* 245 */
	void (*close)(struct sd_journal *journal);
	int (*set_data_threshold)(struct sd_journal *journal, size_t size);
	int (*add_match)(struct sd_journal *journal, const void *data, size_t size);
	int (*add_disjunction)(struct sd_journal *journal);
	int (*add_conjunction)(struct sd_journal *journal);
	int (*seek_tail)(struct sd_journal *journal);
	int (*seek_realtime_usec)(struct sd_journal *journal, uint64_t usec);
	int (*seek_monotonic_usec)(
		struct sd_journal *journal, union journal_id boot_id, uint64_t usec);
	int (*seek_cursor)(struct sd_journal *journal, const char *cursor);
	int (*previous)(struct sd_journal *journal);
	int (*next)(struct sd_journal *journal);
	int (*get_cursor)(struct sd_journal *journal, char **cursor); /* free(3) it */
	void (*restart_data)(struct sd_journal *journal);
	int (*enumerate_data)(struct sd_journal *journal, const void **data, size_t *len);
	/* 246; passes over what this library cannot unpack */
	int (*enumerate_available_data)(
		struct sd_journal *journal, const void **data, size_t *len);
	int (*get_fd)(struct sd_journal *journal);
	int (*reliable_fd)(struct sd_journal *journal);
	int (*process)(struct sd_journal *journal);
};

/*
 * False when there is no such library here, or one without the functions needed. It stays
 * loaded.
 */
MUST_USE bool journal_library_load(
	const char *name, struct journal_library *library, struct err *err);

#endif
