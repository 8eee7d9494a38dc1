/*
 * winlog_events - how the tables of events in winlog_*.c are written
 *
 * Included by them alone, behind their own enum shape.
 */
#ifndef COLLECTOR_NORMALIZE_WINLOG_EVENTS_H
#define COLLECTOR_NORMALIZE_WINLOG_EVENTS_H

#include "collector/normalize/families/winlog.h"

/* EVENT(5, NONE, "action", PROCESS(ECS_END)): event 5, of SHAPE_NONE; the rest are members of
 * its meaning. */
#define EVENT(number, form, act, ...)                                                          \
	{                                                                                      \
		.id = (number), .shape = SHAPE_##form, .meaning = {                            \
			.action = {SLICE_BYTES(act)},                                          \
			__VA_ARGS__                                                            \
		}                                                                              \
	}
#define PROCESS(how)   .category = {ECS_PROCESS}, .type = {how}
#define CONFIGURE(how) .category = {ECS_CONFIGURATION}, .type = {how}
#define SESSION(how)   .category = {ECS_AUTHENTICATION}, .category2 = {ECS_SESSION}, .type = {how}

#endif
