/*
 * correlator - correlation rules over a stream of matches
 *
 * Matches of rules go in, conclusions come out. Of each correlation and group
 * ("group-by" values, letters' case aside) a state is kept; all of it in a
 * number of bytes given at the start. When these are used up, whoever has the
 * most of them (by `owner`, an agency) forgets the group of its that was quiet
 * longest: one that is flooded forgets its own.
 *
 * Time is that of the events. A window ends with the newest event of its group
 * and reaches back a timespan, both ends included; an event that comes late is
 * counted in it when its time lies within, and counted as late when it does
 * not. A correlation that closes counts from the first event of a group on;
 * when a timespan has passed, by an event of the group or correlator_advance(),
 * it concludes, and the next event begins anew.
 *
 * One conclusion an episode: no second one until a timespan passed in which
 * the condition did not hold. What a correlation of correlations is given is
 * each event at which its rule's condition holds, where that is a question of
 * when (temporal, value_count), and one an episode where it is counted.
 *
 * Bounds of a group: 1,024 times are told apart, beyond them neighbours are put
 * together, never counted too often; 256 events of temporal_ordered, beyond
 * them the oldest of the rule that has most go; CORRELATION_VALUES_MAX distinct
 * values, beyond them the count is a least (`saturated`). All are counted in
 * the figures.
 *
 * The same events in the same order give the same conclusions. One thread, no
 * I/O.
 */
#ifndef COLLECTOR_DETECT_CORRELATOR_CORRELATOR_H
#define COLLECTOR_DETECT_CORRELATOR_CORRELATOR_H

#include "collector/detect/sigma/rule_set.h"

enum {
	CONCLUSION_EVIDENCE_MAX = 32, /* events, the newest */
	CONCLUSION_VALUES_MAX = 16,   /* distinct values shown, the newest */
	CONCLUSION_VALUE_SIZE = 256,  /* bytes of a value that are shown */
	CORRELATOR_BYTES_MIN = 1 << 16,
};

/* An event that matched rules. */
struct correlator_event {
	int64_t time_ns;
	uint64_t ref;   /* the caller's: what the event is found again by */
	uint32_t owner; /* whose memory it is, an agency */
	uint64_t scope; /* groups of different scopes are different ones, but of correlations
			   across scopes (correlation.h); 0 if not needed */
	/* Value `nth` (from 0) of a field, by its number in the rule set; false: no more. */
	bool (*value)(const void *user, unsigned field, unsigned nth, struct slice *value);
	const void *user;
};

/* correlator_event.value of a struct sigma_event, which is `user`. */
bool correlator_sigma_value(
	const void *event, unsigned field, unsigned nth, struct slice *value);

struct conclusion_evidence {
	uint64_t ref;
	int64_t time_ns;
	uint32_t rule; /* that the event matched */
};

/* Valid during the call. */
struct conclusion {
	uint32_t rule; /* number of the correlation */
	const struct correlation *correlation;
	uint32_t owner;            /* of the group's first event */
	const struct slice *group; /* values of group_by, as first written */
	uint64_t events;           /* of the episode, or of the window that closed */
	double value;              /* what the condition was held against */
	bool saturated;            /* `value` is a least */
	int64_t first_ns, last_ns; /* of these events */
	const struct conclusion_evidence *evidence; /* in the order of their times */
	size_t n_evidence;
	const struct slice *values; /* distinct ones of the condition's fields, some of them */
	size_t n_values;
};

typedef void conclusion_made(void *user, const struct conclusion *conclusion);

struct correlator;

/* `bytes` is at least CORRELATOR_BYTES_MIN. The rule set outlives it. */
struct correlator *correlator_new(
	const struct rule_set *set, size_t bytes, conclusion_made *made, void *user);
void correlator_free(struct correlator *correlator); /* NULL is fine */

/* Goes over to another rule set; groups of correlations whose version is the same stay. */
void correlator_use(struct correlator *correlator, const struct rule_set *set);

/* The event matched these rules, as rule_matcher_match() gives them. */
void correlator_take(struct correlator *correlator, const struct correlator_event *event,
	const uint32_t *rules, size_t n);

/* It is this late: closes what is over, forgets what counts no more. Times of events may still
 * be earlier. */
void correlator_advance(struct correlator *correlator, int64_t now_ns);

/* No more events come: closes all that closes. */
void correlator_finish(struct correlator *correlator);

struct correlator_figures {
	size_t groups, bytes;
	uint64_t evicted;   /* groups forgotten to make room */
	uint64_t late;      /* events before the window */
	uint64_t without;   /* events that lack a field of group-by or of the condition */
	uint64_t trimmed;   /* times put together, events of an order left out */
	uint64_t saturated; /* groups with more distinct values than are told apart */
	uint64_t concluded;
};
struct correlator_figures correlator_figures(const struct correlator *correlator);

/*
 * All groups as one blob:
 *
 *	at	size
 *	0	4	"SCR1"
 *	4	8	start value of the hash
 *	12	...	groups, of each owner quiet longest first: state.c
 *
 * Whoever stores it guards it by a checksum.
 */
void correlator_save(struct correlator *correlator, struct strbuf *out);

/* Into an empty one. Groups of correlations that changed or are not there are left out, and
 * of others the oldest when there is no room. False: no such blob, and nothing changed. */
MUST_USE bool correlator_load(struct correlator *correlator, struct slice blob);

#endif
