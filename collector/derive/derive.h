/*
 * derive - the deriving reader: everything that is computed from the stored log
 *
 * One thread reads the store commit by commit and updates statistics and
 * correlation in one SQLite database (one file, this one writing thread). A
 * step's results and the cursor are committed in one transaction: a crash at
 * any instant leaves counts that equal a recount. It reads columns; bodies are
 * unpacked only for matches, findings of malware and inventories.
 *
 * After each step, and at least every `publish_ms`, `publish` is called inside
 * a transaction: the composition root lets national/ build the messages that
 * are due and put them into the outbox. What correlation concludes is emitted
 * as records (findings) through `emit`, exactly once: the row that asks for it
 * and the cursor are one transaction, the store removes duplicates.
 */
#ifndef COLLECTOR_DERIVE_DERIVE_H
#define COLLECTOR_DERIVE_DERIVE_H

#include "collector/store/store.h"
#include "common/err.h"
#include "common/setting.h"

struct derive;
struct detector;
struct outbox;
struct statistics;

struct derive_settings {
	const char *dir;       /* derive.db lives here */
	uint64_t step_ms;      /* a step gathers commits for so long at most */
	uint64_t publish_ms;   /* look for windows to publish at least so often */
	uint64_t watermark_ms; /* a window is complete so long after its end (decision 10) */
	uint64_t ahead_ms;     /* a stamp further ahead of our clock is late */
	uint64_t back_ms;      /* a stamp further back is late */
	uint64_t republish_ms; /* a dirty window is published again at most so often */
	uint32_t brute_force_count;       /* failed log-ins of one address at one host ... */
	uint64_t brute_force_ms;          /* ... within this time are a finding */
	uint32_t findings_most;           /* of a rule at a host in an hour */
	uint64_t sigma_correlation_bytes; /* groups of Sigma correlations live in so many */
	uint32_t spread_agencies;         /* with the same within an hour are a finding */
	int finding_level;                /* enum sigma_level of the least rule that is told */
	uint64_t correlation_bytes;       /* of memory */
	uint64_t correlation_ms;          /* its state is saved so often */
	uint32_t malware_most;    /* findings of malware at a host in an hour that are listed */
	uint64_t details_kept_ms; /* counts of five minutes; then daily counts (prune.h) */
	uint64_t messages_kept_ms;
	uint64_t days_kept_ms;
	uint32_t sources_most;         /* sources of lines that are kept apart */
	uint64_t sources_kept_ms;      /* those not heard for so long are forgotten */
	uint64_t clock_wrong_ms;       /* off by more is a finding; 0 = never */
	uint64_t silence_least_ms;     /* a shorter silence is none */
	uint32_t silence_lines;        /* so many are missed at least (silence.h) */
	struct setting_texts holidays; /* days that count as a Sunday */
	uint64_t alert_window_ms;      /* findings further apart are another alert */
	uint64_t alert_reopen_ms;      /* a closed alert opens again for so long */
	uint32_t alert_raise;    /* findings that make an alert a grade graver; 0 = never */
	uint32_t alerts_of_rule; /* open at a time, of one rule at one agency */
	uint32_t alerts_most;    /* in all */
	uint64_t learning_ms;    /* after the first finding nobody is notified */
	uint32_t alert_budget;   /* alerts an analyst can look at in a day */
	uint32_t analysts;
	uint32_t waiting_warn;    /* more unsent messages of a type are a warning; 0 = never */
	uint64_t waiting_warn_ms; /* an older one too; 0 = never */
	int32_t zone_seconds;     /* of the province, east of UTC; from the register */
};

extern const struct setting derive_settings_table[];

/* What no table says. */
struct conf;
struct mistakes;
void derive_settings_check(const struct conf *conf, const struct derive_settings *settings,
	struct mistakes *mistakes);

struct derive_callbacks {
	/* In derive's thread, inside its transaction; `position` is the cursor and what commits
	 * the store ever lost: it never goes back. */
	bool (*publish)(void *user, struct statistics *statistics, struct outbox *outbox,
		uint64_t position, struct err *err);
	/* Hands a batch of findings to the store; it comes home in another thread. */
	void (*emit)(void *user, struct batch *batch);
	/* The rules in force, a reference for the caller; may be NULL: no rules. */
	struct detector *(*detector)(void *user);
	/* New rows stand in the outbox. */
	void (*outbox_filled)(void *user);
	void *user;
};

MUST_USE struct derive *derive_start(const struct derive_settings *settings,
	struct store *store, const struct derive_callbacks *callbacks, struct err *err);

/* Ends after the step it is in; the store must still run. NULL is fine. */
void derive_stop(struct derive *derive);

/* The outbox row was delivered or refused for good: marked in derive's thread. Any thread. */
void derive_mark_sent(struct derive *derive, int64_t row, bool delivered, const char *detail);

/* How far it has read, for lag. Any thread. */
uint64_t derive_position(const struct derive *derive);

struct derive_state {
	uint64_t groups, groups_most; /* whose pace is being watched; as many as memory holds */
	uint64_t groups_forgotten;    /* to make room, since the start */
	uint64_t sigma_groups, sigma_bytes,
		sigma_forgotten;    /* of Sigma correlations, likewise */
	uint64_t bytes, bytes_free; /* of derive.db; in it, to be used again */
	int64_t oldest_ns;          /* start of the oldest day there is a window of; 0 = none */
	int64_t kept_from_ns; /* messages before this are not kept, if there were any; 0 = all
				 are */
	int64_t failing_since_ns; /* nothing was counted since; 0 = all is well */
	char failure[512];        /* why the last step failed */
};

/* As of the last step. Any thread. */
struct derive_state derive_state(struct derive *derive);

#endif
