/*
 * alert_reader - alerts and standing orders as derive.db has them, to be shown
 *
 * Over a read-only connection of its own, beside a running collector; any one
 * thread. Texts of what is visited are valid until the next one; they come from
 * logs, and are to be escaped where they are shown. `visit` returns false to
 * stop. What the columns mean is in alerts.h and standing.h.
 */
#ifndef COLLECTOR_DERIVE_ALERT_READER_H
#define COLLECTOR_DERIVE_ALERT_READER_H

#include "collector/derive/alerts.h"

struct alert_reader;

MUST_USE struct alert_reader *alert_reader_open(const char *derive_dir, struct err *err);
void alert_reader_close(struct alert_reader *reader); /* NULL is fine */

struct alert {
	int64_t number;
	struct slice rule, title, version, techniques;
	struct slice subject, source, user, owner;
	uint32_t agency, host;
	uint16_t system;
	uint8_t level, attack, severity;
	enum alert_status status;
	enum alert_verdict verdict;
	uint64_t findings, suppressed, reopened;
	int64_t first_ns, last_ns;      /* event time of its findings */
	int64_t heard_ns;               /* when the last was received */
	int64_t resolved_ns, closed_ns; /* 0 = it is not */
};

enum alert_sight {
	ALERT_SHOWN = 0,  /* some finding of it was not suppressed */
	ALERT_HIDDEN = 1, /* all of them were */
	ALERT_ALL = 2,
};

enum { ALERT_ANY_STATUS = (1 << ALERT_STATUSES) - 1, ALERT_OPEN = (1 << ALERT_CLOSED) - 1 };

/* What is 0 or empty asks for nothing, but for those that say otherwise. */
struct alert_filter {
	int64_t number;
	unsigned statuses; /* bit n: those of status n */
	uint8_t severity;  /* at least */
	uint32_t agency, host;
	struct slice rule; /* id or title */
	struct slice owner;
	int64_t since_ns, until_ns; /* its findings touch that span; until 0 = no end */
	bool by_verdict;
	enum alert_verdict verdict;
	enum alert_sight sight;
	unsigned most; /* alerts */
};

/* Open ones first, then the gravest, then the newest. */
MUST_USE bool alert_reader_list(struct alert_reader *reader, const struct alert_filter *filter,
	bool (*visit)(void *user, const struct alert *alert), void *user, struct err *err);

struct alert_evidence {
	uint64_t finding; /* the n-th of the alert */
	uint8_t class, severity;
	uint64_t number; /* of the record, in its retention class */
	int64_t at_ns;
	struct slice event; /* "class-number" of the record it was concluded from, or empty */
	struct slice about;
};

MUST_USE bool alert_reader_evidence(struct alert_reader *reader, int64_t number,
	bool (*visit)(void *user, const struct alert_evidence *evidence), void *user,
	struct err *err);

MUST_USE bool alert_reader_history(struct alert_reader *reader, int64_t number,
	bool (*visit)(void *user, const struct alert_change *change), void *user,
	struct err *err);

/* What a rule told at an agency since the start of a day. */
struct alert_noise {
	struct slice rule, title;
	uint32_t agency;
	uint64_t findings, suppressed, alerts, hosts, sources, called_false;
	uint32_t host;       /* one of them */
	struct slice source; /* one of them, or empty */
	uint8_t severity;
};

/* The noisiest first. `day_s`: in seconds since 1970, as WINDOW_DAY begins. */
MUST_USE bool alert_reader_noisy(struct alert_reader *reader, int64_t day_s, unsigned most,
	bool (*visit)(void *user, const struct alert_noise *noise), void *user,
	struct err *err);

/* What a suppression of that scope would have hidden since then, and what it would not have,
 * because it is critical: that is grouped. */
struct alert_preview {
	uint64_t alerts, findings;
	uint64_t critical_alerts, critical_findings;
};

MUST_USE bool alert_reader_preview(struct alert_reader *reader, const struct scope *scope,
	int64_t day_s, struct alert_preview *preview, struct err *err);

/* Of alerts that are shown. */
struct alert_sums {
	uint64_t by_status[ALERT_STATUSES];
	uint64_t open_by_severity[SEVERITY_COUNT];
	uint64_t since;   /* whose first finding was since then */
	uint64_t all;     /* shown or not; what the limit counts */
	int64_t began_ns; /* when the first finding came; 0 = none did */
};

MUST_USE bool alert_reader_sums(struct alert_reader *reader, int64_t since_ns,
	struct alert_sums *sums, struct err *err);

struct standing_view {
	int64_t number;
	struct standing_order order;
	int64_t removed_ns; /* 0 = it was not */
	uint64_t findings;  /* that it hid */
	int64_t last_ns;    /* event time of the last of those; 0 = none */
};

MUST_USE bool alert_reader_standings(struct alert_reader *reader,
	bool (*visit)(void *user, const struct standing_view *standing), void *user,
	struct err *err);

#endif
