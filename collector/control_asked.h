/*
 * control_asked - what a request of the local socket asks for, beside its word
 *
 * One JSON object of texts, "{"agency":"7","since":"24h"}", as soc-ctl makes it
 * from its options; a member that is not there asks for nothing. The first
 * thing that is wrong stays in `err`, and everything may be read on. Main
 * thread.
 */
#ifndef COLLECTOR_CONTROL_ASKED_H
#define COLLECTOR_CONTROL_ASKED_H

#include <yyjson.h>

#include "collector/control.h"
#include "collector/derive/alert_reader.h"

struct asked {
	yyjson_doc *doc;
	int64_t now_ns;
	int32_t zone_seconds; /* of times without one, and of days */
	bool wrong;
	struct err err;
};

void asked_read(struct asked *asked, const struct control_view *view, struct slice words);
void asked_done(struct asked *asked);

/* Empty when it is not asked for. */
struct slice asked_text(const struct asked *asked, const char *name);

/* A decimal number of at most `max`; `standard` when it is not asked for. */
uint64_t asked_number(struct asked *asked, const char *name, uint64_t max, uint64_t standard);

bool asked_flag(const struct asked *asked, const char *name);

enum asked_side { ASKED_PAST = -1, ASKED_FUTURE = 1 };

/* A time ("2026-02-16T07:30"), a day, or so far from now ("24h", "14d", "30m"): in ns since
 * 1970; `standard` when it is not asked for. */
int64_t asked_time(
	struct asked *asked, const char *name, enum asked_side side, int64_t standard);

/* Names of alerts.h and record.h. */
void asked_filter(struct asked *asked, struct alert_filter *filter);
void asked_scope(struct asked *asked, struct scope *scope);

/* The start of the day that lies so many days before today, in seconds since 1970. */
int64_t asked_day(const struct asked *asked, uint64_t days_ago);

/* For what is wrong with a member. */
void asked_wrong(struct asked *asked, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
