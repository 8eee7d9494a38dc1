/*
 * tail - follows one path through everything rotation does to it
 *
 * A tail reads the file its path names, from a known position on, and at the
 * end finds out whether the path still names that file. When it does not, the
 * old one is read until its writer has been silent for a while, then the files
 * that came after it, oldest first, then the one the path names now. After a
 * start the same code finds the file of the bookmark among the rotated ones.
 * A file that shrank, or begins with other bytes than before, was truncated:
 * if a copy of what it held lies beside it, the copy is read to its end; what
 * was written between copying and truncating is lost, and declared.
 *
 * Nothing of a file is kept in memory: position and scan say all, so a tail
 * can be closed and opened again at any time. What is unfinished at the end is
 * read again when more has come.
 *
 * How a removed file is missed: whoever hears of changes tells of each file
 * that came to the path (tail_came()). At a rotation the folder is listed until
 * two listings agree, and what the kernel has told by then is heard in between;
 * so what was told and what is there can be compared exactly. Fewer files than
 * came: the difference was removed unread, and is declared. Where not everything
 * is told, one loss is declared when the file at hand is gone from among the
 * generations and even the oldest of them is newer.
 *
 * One thread.
 */
#ifndef AGENT_INPUTS_TAIL_H
#define AGENT_INPUTS_TAIL_H

#include "agent/input.h"
#include "agent/inputs/file_identity.h"
#include "agent/inputs/file_record.h"
#include "agent/inputs/file_settings.h"
#include "agent/inputs/source_word.h"
#include "common/counter.h"

/* What the tails of an agent share. */
struct tails {
	struct intake *intake;
	char *block; /* FILE_BLOCK_SIZE bytes: what was read last */
	char *long_record;
	size_t long_record_size;
	unsigned n_open;    /* descriptors */
	unsigned told;      /* failures told in this minute */
	int64_t told_ms;    /* when it began */
	bool blind;         /* not every change is told: some folder cannot be watched */
	bool beginning;     /* what is found now was there before us: it is not looked behind */
	int64_t history_ns; /* wall clock: rotated before, and of a path we do not know: not
			       ours */
	/* The tail that reads the file with this inode, other than `self`; NULL = none. */
	struct tail *(*find)(
		void *user, const struct tail *self, uint64_t device, uint64_t inode);
	/* Tells now what the kernel has told so far (tail_came, tail_left). */
	void (*hear)(void *user);
	void *user;
};

struct tail {
	const struct file_settings *settings;
	const struct source_words *words;
	enum charset charset;         /* of the file read last */
	const struct line_rule *rule; /* NULL = each line is a record */
	char *path;
	bool placed; /* position is known; else the path is new to us */
	bool from_end;
	struct file_position position; /* behind the last record given to the intake */
	struct file_scan scan;
	struct file_source source;
	bool head_due; /* it is begun behind its head, and what names its columns not given */
	uint64_t head_at;   /* ... before this offset it is */
	int64_t grown_ms;   /* monotonic: when bytes were last found */
	int64_t rotated_ms; /* ... when the path was first seen to name another file; 0 = not */
	int64_t retry_ms;   /* not before: after a failure; 0 = at once */
	bool failing;       /* the last attempt failed */
	bool told;          /* ... and was told to the collector */
	/* Files that came to this path after the one at hand (before the first is begun: all
	 * that came). */
	size_t successors;
	bool counted; /* ... exactly: all was told since the path named the file at hand */
	bool left;    /* before the first is begun: one came and left */
	bool at_rest; /* all was read, and nobody told of a change since */
	/* The rotated file read before this one, kept open for writers that were slow to
	 * notice. */
	struct file_source late;
	uint64_t late_offset;
	int64_t late_until_ms;
	/* The input's. */
	struct tail *next_in_bucket;
	struct tail *next_in_queue;
	struct tail *next_fresh;
	bool queued, waiting;
	uint64_t seen_size, seen_inode; /* of what the path named when it was last polled */
	int64_t seen_modified_ns;
};

enum tail_turn {
	TAIL_MORE,    /* there is more to read: another turn, after the others had theirs */
	TAIL_IDLE,    /* all read */
	TAIL_WAITING, /* all read, but time decides something: ask again soon */
	TAIL_BLOCKED, /* the intake refused: ask again when it has room */
	TAIL_GONE,    /* nothing is left to follow: forget this tail */
};

struct tail *tail_new(const char *path);
void tail_free(struct tails *tails, struct tail *tail);

/* Reads on, at most one block. */
MUST_USE enum tail_turn tail_turn(struct tails *tails, struct tail *tail, int64_t now_ms);

/* Gives back the descriptors of an idle tail. */
void tail_close(struct tails *tails, struct tail *tail);

/* Where a bookmark says it was. */
void tail_place(struct tail *tail, const struct file_position *position);

/* Opens the first file of a path that is new to us, and tells its position. Done by tail_turn()
 * otherwise; but what is placed early cannot rotate away unknown. */
void tail_begin(struct tails *tails, struct tail *tail);

/* A file was made at the path, or renamed to it. */
void tail_came(struct tail *tail);

/* A file was removed from the path, or renamed away. */
void tail_left(struct tail *tail);

#endif
