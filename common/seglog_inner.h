/*
 * seglog_inner - what the parts of seglog share
 *
 * seglog.c appends, syncs, releases; seglog_open.c, seglog_find.c and
 * seglog_tail.c recover; seglog_cursor.c reads. Fields that cursors in other threads need are
 * guarded by `lock` or atomic; all others belong to the thread that appends.
 */
#ifndef COMMON_SEGLOG_INNER_H
#define COMMON_SEGLOG_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/seglog_segment.h"
#include "common/seglog_state.h"

enum { SEGLOG_BUFFER_SIZE = 256 * 1024 }; /* bytes appended that wait for one write */

struct segment {
	uint64_t first; /* sequence; also its name */
	uint64_t size;  /* bytes; of the running one: the durable ones */
};

/* What the disk refused to give to a cursor, and since when. */
struct refused {
	uint64_t first, offset; /* segment and byte; first 0 = none */
	unsigned tries;
	int64_t since_ms, last_ms; /* monotonic; of the first and the last try */
};

enum { REFUSED_MAX = 8 };

struct seglog {
	/* Never change once the log is open. */
	char *dir;
	int dir_fd;
	int lock_fd;
	uint64_t segment_size, quota;
	unsigned char id[SEGLOG_ID_SIZE];
	uint32_t seed;
	bool read_only;

	/* Shared with cursors. */
	pthread_mutex_t lock;
	struct segment *segments; /* by `first`; the last one is the running one */
	size_t n_segments, segments_capacity;
	_Atomic uint64_t durable; /* last durable sequence; of an open log: under `lock` */
	_Atomic uint64_t bytes;   /* of all segments, with what is not yet written */
	_Atomic uint64_t released;
	struct refused refused[REFUSED_MAX];
	unsigned next_refused; /* the place to be overwritten next */

	/* Released segments that are listed no more, for the thread that appends. */
	struct segment *removals; /* their files are still there */
	size_t n_removals;
	bool removed; /* files were removed, the folder is not yet synced */
	bool unnoted; /* `released` is not yet in the state */

	/* The running segment, for the thread that appends. */
	int fd;
	uint64_t next;         /* sequence of the next entry */
	uint64_t durable_size; /* bytes of it that are durable */
	uint64_t flushed;      /* bytes of it that are in the file; the buffer follows */
	unsigned char *buffer;
	size_t buffer_len;
	bool unsynced;    /* written since the last fdatasync */
	bool dir_changed; /* a created segment's name is not yet durable */
	bool doomed;      /* a sync had no space: what is not durable will be taken back */
	bool suspect;     /* a sync failed on this segment: entries go to a new one */
	bool failed;
	struct err failure;

	struct state_file state;
};

/* Reading end of a segment file: O_RDONLY, regular. -1 with errno. */
MUST_USE int seglog_open_segment(const struct seglog *log, uint64_t first);

/* Makes a new running segment that starts with `first`. The old one is all durable. */
MUST_USE enum seglog_status seglog_start_segment(
	struct seglog *log, uint64_t first, struct err *err);

/* Adds a segment to the list, which stays sorted by itself: `first` is the greatest. */
void seglog_list_segment(struct seglog *log, uint64_t first, uint64_t size);

/* Removes the files of closed segments that are wholly released. */
MUST_USE bool seglog_drop_released(struct seglog *log, struct err *err);

/* The state to write now. */
struct state_values seglog_state_values(const struct seglog *log);

/* What a cursor may see of the segment that starts with `first`. */
struct seglog_view {
	uint64_t first; /* of the segment */
	uint64_t size;  /* bytes to read; UINT64_MAX = all of the file (it was unlinked) */
	uint64_t last;  /* sequence it reaches to */
	bool running;
};

/* The segment that holds `sequence`, or the first one behind it. */
struct seglog_view seglog_view_at(struct seglog *log, uint64_t sequence);
/* How the segment that starts with `first` looks by now. */
struct seglog_view seglog_view_again(struct seglog *log, uint64_t first);

#endif
