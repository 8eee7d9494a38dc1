/* types - the members of the table in messages.c. Private to national/. */
#ifndef COLLECTOR_NATIONAL_TYPES_TYPES_H
#define COLLECTOR_NATIONAL_TYPES_TYPES_H

#include "collector/national/message.h"

extern const struct message_type message_avreport, message_statistics;

#define AVREPORT_SCHEMA "edxml-avreport/1"

MUST_USE bool avreport_publish(const struct message_context *context,
	struct statistics *statistics, struct outbox *outbox, struct err *err);

bool statistics_show(struct slice body, FILE *out, struct err *err);
bool avreport_show(struct slice body, FILE *out, struct err *err);

#endif
