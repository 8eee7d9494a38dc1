/*
 * standing - what people ordered to hold for a time: suppressions, maintenance, watch
 *
 * A standing order has an owner, a reason and an end. A suppression and a
 * maintenance window keep findings of their scope out of sight: these are
 * counted at the order and at their alert, which is not opened for them.
 * Critical findings are never hidden by one; they are grouped into one alert
 * of their rule and agency. A watch period raises findings of its scope by one
 * grade. A suppression holds for what is found while it holds; the others
 * for what happened in their time, by the event time of the finding.
 *
 * A scope names any of rule, agency, host (with its agency), a prefix of
 * addresses, and user; what it does not name is any. Of a suppression and a
 * maintenance window it names at least one.
 *
 * STANDING_MOST hold at a time; one that ended STANDING_KEPT_DAYS ago goes when
 * another is added. Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_STANDING_H
#define COLLECTOR_DERIVE_STANDING_H

#include "collector/derive/alert_finding.h"
#include "collector/derive/database.h"
#include "common/netaddr.h"

enum {
	STANDING_MOST = 1000,
	STANDING_KEPT_DAYS = 31,
	STANDING_DAYS_MOST = 366, /* a suppression holds so long at most */
};

#define STANDING_LATE_NS (INT64_C(72) * 3600 * 1000000000)

/* The numbers stand in the database. */
enum standing_kind {
	STANDING_SUPPRESS = 0,
	STANDING_MAINTENANCE = 1,
	STANDING_WATCH = 2,
	STANDING_KINDS,
};

const char *standing_kind_name(enum standing_kind kind); /* "suppression", ... */
MUST_USE bool standing_kind_from(struct slice name, enum standing_kind *kind);

/* Texts empty and numbers 0 where nothing is named. */
struct scope {
	struct slice rule;
	uint32_t agency, host;
	struct slice prefix; /* "192.0.2.0/24" */
	struct slice user;
};

/* What is wrong with it; NULL: nothing. */
const char *scope_mistake(const struct scope *scope, enum standing_kind kind);

/* Is that within the scope? `title` too names a rule. */
struct scope_subject {
	struct slice rule, title, source, user;
	uint32_t agency, host;
};
bool scope_holds(const struct scope *scope, const struct scope_subject *subject);

struct standing;

struct standings {
	struct database *database;
	struct standing *items; /* those that were not taken back */
	size_t n, room;
};

MUST_USE bool standings_load(
	struct standings *standings, struct database *database, struct err *err);
void standings_done(struct standings *standings);

/* The number of a suppression or maintenance window that holds for it; 0 = none. */
int64_t standings_hide(const struct standings *standings, const struct alert_finding *finding);

/* A watch period holds for it. */
bool standings_watch(const struct standings *standings, const struct alert_finding *finding);

struct standing_order {
	enum standing_kind kind;
	int64_t made_ns, begins_ns, ends_ns;
	struct slice owner, reason;
	struct scope scope;
};

/* Whether one that ends then still counts as one of STANDING_MOST: findings that come so late
 * may be of it. */
static inline bool standing_holds_at(int64_t ends_ns, int64_t at_ns)
{
	return ends_ns > at_ns - STANDING_LATE_NS;
}

/* *taken: false, and nothing changed, when STANDING_MOST hold, or it is not fit. */
MUST_USE bool standings_add(struct standings *standings, const struct standing_order *order,
	bool *taken, struct err *err);

/* Takes one back that was made then. *taken: there was one. */
MUST_USE bool standings_remove(struct standings *standings, int64_t made_ns, int64_t at_ns,
	bool *taken, struct err *err);

#endif
