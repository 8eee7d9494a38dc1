/* trigger - what a correlation is given, and the values it groups by; private to correlator/ */
#ifndef COLLECTOR_DETECT_CORRELATOR_TRIGGER_H
#define COLLECTOR_DETECT_CORRELATOR_TRIGGER_H

#include "collector/detect/correlator/correlator_inner.h"

/* What a correlation is given: an event, or a conclusion at the end of a timespan. */
struct trigger {
	int64_t time_ns;
	uint64_t ref;
	uint64_t turn; /* one event, one turn */
	uint32_t owner;
	uint64_t scope;
	uint32_t source;                      /* rule that the event matched, or that closed */
	const struct correlator_event *event; /* NULL: closed */
	const struct slice *group;            /* values of what closed */
	const struct conclusion_evidence *evidence;
	size_t n_evidence;
};

/* Numbers of the fields of the trigger's source; NULL: it is none of the entry's. */
const uint16_t *trigger_fields(
	const struct correlation_rule *entry, const struct trigger *trigger);

/* Value `nth` of a field; false: there is none. */
bool trigger_value(
	const struct trigger *trigger, uint16_t field, unsigned nth, struct slice *value);

/* Letters small, the length before it: no two lists of values are the same bytes. */
void fold_value(struct strbuf *to, struct slice value);

/* The group of correlation `number`, and its values; false when the event lacks one. */
bool trigger_key(struct correlator *correlator, const struct correlation *correlation,
	uint32_t number, const uint16_t *fields, const struct trigger *trigger,
	struct slice *values, XXH128_hash_t *key);

/* The values of a new group, as much as is shown of them. */
void texts_keep(struct group *group, const struct slice *values, size_t n);
void texts_read(const struct group *group, struct slice *values, size_t n);

#endif
