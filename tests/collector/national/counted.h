/*
 * counted - statistics and an outbox in memory, filled by SQL
 *
 *	struct counted counted;
 *	counted_open(&counted, now_ns);
 *	counted_run(&counted, "INSERT INTO counts VALUES(...)");
 *	counted_run(&counted, "INSERT INTO found VALUES(start, agency, name, type, host, ...)");
 *	... type->publish(&counted.context, &counted.statistics, &counted.outbox, &err) ...
 *	struct counted_message message = counted_message(&counted, "H47/manifest/...");
 *	counted_close(&counted);
 */
#ifndef TESTS_COLLECTOR_NATIONAL_COUNTED_H
#define TESTS_COLLECTOR_NATIONAL_COUNTED_H

#include "collector/derive/outbox_private.h"
#include "collector/derive/statistics_private.h"
#include "collector/national/message.h"
#include "collector/national/profile.h"

struct counted {
	struct database database;
	struct derive_settings settings;
	struct statistics statistics;
	struct outbox outbox;
	struct national_profile *profile;
	struct agency_register *agencies;
	struct message_context context;
};

/* A province H47 at +07:00 with agencies 1 (H47.05, system of level 3), 2 (H47.06) and 3
 * (000.00.25.H47, closed on 2025-07-01); the built-in profile. */
void counted_open(struct counted *counted, int64_t now_ns);
void counted_close(struct counted *counted);

void counted_run(struct counted *counted, const char *sql);
int64_t counted_number(struct counted *counted, const char *sql);

/* The clock of everything, and the position computed from. */
void counted_set_now(struct counted *counted, int64_t now_ns, uint64_t position);

/* The newest unsent body under `key`, which must be there, appended. */
void counted_body(struct counted *counted, const char *key, struct strbuf *body);

int64_t counted_moment(const char *text); /* RFC 3339 */

#endif
