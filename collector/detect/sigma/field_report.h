/*
 * field_report - which fields the rules of a log source ask for, and who delivers them
 *
 * A rule that asks for a field that no source delivers is silent for ever and looks like peace.
 * A field is delivered when one of its names (pipelines.h) is in the dictionary of fields
 * (record/field.h), which the parsers fill. A name under a prefix ("zeek.conn_state") is what
 * the product's lines call it: delivered if they have it.
 */
#ifndef COLLECTOR_DETECT_SIGMA_FIELD_REPORT_H
#define COLLECTOR_DETECT_SIGMA_FIELD_REPORT_H

#include "collector/detect/sigma/rule_set.h"

enum field_delivery { FIELD_BY_NONE, FIELD_BY_PRODUCT, FIELD_BY_PARSERS };

struct asked_field {
	const struct log_source *source;
	struct slice name; /* as rules write it */
	struct slice as;   /* the first name that is delivered; absent when there is none */
	enum field_delivery delivery;
	size_t n_rules; /* of the log source that ask for it */
};

struct field_report {
	struct asked_field
		*fields; /* by log source, then those that most rules ask for first */
	size_t n, room;
	struct arena arena;
};

/* Of the rules that were loaded; texts live as long as the set and the report. */
void field_report_make(struct field_report *report, const struct rule_set *set);
void field_report_done(struct field_report *report);

#endif
