/*
 * statistics - what was counted, per window (decision 10)
 *
 * The smallest window is five minutes of event time in the province's zone;
 * longer ones are sums of it, distinct things (hosts, files) are counted
 * distinct over the longer window. What a number counts stands beside it here;
 * what it is called outside, who publishes it decides.
 *
 * Read by national/ inside derive's transaction (publish), or by recount over
 * a database of its own. derive's thread only.
 */
#ifndef COLLECTOR_DERIVE_STATISTICS_H
#define COLLECTOR_DERIVE_STATISTICS_H

#include "collector/record/record.h"
#include "common/err.h"

struct statistics;

enum window_kind {
	WINDOW_5M,
	WINDOW_HOUR,
	WINDOW_DAY,
	WINDOW_KINDS,
};

struct window {
	enum window_kind kind;
	int64_t start_ns, end_ns; /* event time, UTC; [start, end) */
};

enum count_status { COUNT_OPEN, COUNT_RESOLVED };

struct statistics_count {
	uint32_t agency;
	uint8_t level;    /* 1..5 of the information system; 0 = unknown */
	uint8_t attack;   /* enum attack_class; never CLASS_NONE */
	uint8_t severity; /* enum severity */
	uint8_t status;   /* enum count_status */
	uint64_t events, findings;
	uint64_t hosts; /* distinct, of this row */
};

struct statistics_malware {
	struct slice name, type;
	uint64_t hits, hosts, files; /* hosts and files distinct */
};

struct statistics_malware_sum {
	uint32_t agency;
	uint64_t hits;  /* also those of hosts that had too many to be listed */
	uint64_t names; /* distinct, with their type */
};

struct statistics_quality {
	uint32_t agency;
	uint64_t records, unknown, partial, damaged; /* by parse status */
	uint64_t late, truncated, unattributed, masked;
	uint64_t gaps, missing; /* declared gaps, sequences in them */
	uint64_t agents_enrolled, agents_online, agents_stale;
	int64_t skew_ms_max; /* largest |clock offset| seen, -1 = unknown */
	uint64_t test;       /* records marked as test or drill: in no other number */
};

/* What is reported once a day (M1): a malware that a product found on a machine, a file that a
 * scanner of ours found on a host. Path and hash are those of the first file. Texts are bounded
 * (malware.h); those of the machine are "" when they are not known. */
struct statistics_hit {
	uint64_t number; /* larger than that of every earlier hit, for ever */
	uint32_t agency; /* whose it is */
	uint32_t origin; /* agency of the host that reported it, and that host's number */
	uint32_t host;
	int64_t at_ns; /* of the first time that day */
	struct slice name, type, behavior, path, hash;
	struct slice machine_name, address, public_address;
	uint64_t files; /* on that machine and day, of the same malware, so far */
	bool is_open;   /* nothing says that all of it was put right */
	uint64_t times; /* it was told of; of the latest only */
};

/* Windows that are complete, changed since they were published last and are not held, oldest
 * first; each once. `visit` returns false to stop with an error set by itself. */
MUST_USE bool statistics_due(struct statistics *statistics,
	bool (*visit)(void *user, const struct window *window), void *user, struct err *err);

/* How many windows are due; 0 also on failure, with err set. */
unsigned statistics_due_count(struct statistics *statistics, struct err *err);

/* It was put into the outbox. */
MUST_USE bool statistics_published(
	struct statistics *statistics, const struct window *window, struct err *err);

MUST_USE bool statistics_counts(struct statistics *statistics, const struct window *window,
	bool (*visit)(void *user, const struct statistics_count *count), void *user,
	struct err *err);
/* By agency; none for those without hits. */
MUST_USE bool statistics_malware_sums(struct statistics *statistics,
	const struct window *window,
	bool (*visit)(void *user, const struct statistics_malware_sum *sum), void *user,
	struct err *err);
/* The `most` names of one agency that were found most often, in that order, then by name. */
MUST_USE bool statistics_malware(struct statistics *statistics, const struct window *window,
	uint32_t agency, unsigned most,
	bool (*visit)(void *user, const struct statistics_malware *malware), void *user,
	struct err *err);
MUST_USE bool statistics_quality(struct statistics *statistics, const struct window *window,
	bool (*visit)(void *user, const struct statistics_quality *quality), void *user,
	struct err *err);

/* The mark of the outbox that says before which moment, in seconds since 1970, details became
 * daily counts. */
#define STATISTICS_ROLLED_UP "rolled-up"

/* The mark of the outbox that says up to which number findings of malware were reported. */
#define STATISTICS_REPORTED "malware.hit"

/* Malware findings with numbers above `after`, in order, at most `most`. Those that were
 * reported go when they are old. */
MUST_USE bool statistics_hits(struct statistics *statistics, uint64_t after, unsigned most,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err);

/* The same for the newest ones, newest first. */
MUST_USE bool statistics_hits_latest(struct statistics *statistics, unsigned most,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err);

struct statistics_finding {
	uint64_t number;
	struct slice identity; /* the same for the same finding of a day */
	int64_t day_ns;        /* start of that day */
	int64_t at_ns;         /* of the first time that day */
	uint32_t agency, host;
	struct slice name;
	bool is_reported; /* by itself; others are of one that is */
	bool is_open;
};

/* Every finding of malware of the days that begin in [from, to], by number. */
MUST_USE bool statistics_findings(struct statistics *statistics, int64_t from_ns, int64_t to_ns,
	bool (*visit)(void *user, const struct statistics_finding *finding), void *user,
	struct err *err);

/* Machines whose inventory, of the last 30 days, says that their packages changed last before
 * that moment. Of others nothing is known. */
MUST_USE bool statistics_machines_not_updated(
	struct statistics *statistics, int64_t before_ns, uint64_t *n, struct err *err);

/* What counting starts over from nothing gives for a span of event time, from the store
 * directory alone: used by `recount`. */
struct derive_settings;
MUST_USE struct statistics *statistics_recount(const struct derive_settings *settings,
	const char *store_dir, int64_t from_ns, int64_t to_ns, struct err *err);
/* What is in derive.db now, only to be read: beside a running collector too. */
MUST_USE struct statistics *statistics_open(const char *derive_dir, struct err *err);
void statistics_free(struct statistics *statistics);

/* Where messages built from a recount go; it lives as long as the statistics. The windows of
 * the span are due. */
struct outbox;
struct outbox *statistics_outbox(struct statistics *statistics);

/* The window of a kind that contains a moment. */
struct window window_at(enum window_kind kind, int64_t at_ns, int32_t zone_seconds);
const char *window_name(enum window_kind kind); /* "5m", "1h", "1d" */

enum { WINDOW_ITEM_MAX = 64 };

/* What a window that cannot be published is held as (outbox.h): "5m/2026-11-22T01:00:00Z". */
const char *window_item(const struct window *window, char out[WINDOW_ITEM_MAX]);

#endif
