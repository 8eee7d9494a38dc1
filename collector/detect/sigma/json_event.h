/*
 * json_event - an event written as JSON into what rules look at
 *
 * Names of objects within objects are joined by dots; the values of a list all
 * stand under its name; null is as if it were not there; numbers are as they
 * were written. Where the pipelines have names with a star ("UserData.*") the
 * last name but one is also tried as '*'.
 */
#ifndef COLLECTOR_DETECT_SIGMA_JSON_EVENT_H
#define COLLECTOR_DETECT_SIGMA_JSON_EVENT_H

#include <yyjson.h>

#include "collector/detect/sigma/event.h"

enum { JSON_EVENT_DEPTH_MAX = 64, JSON_EVENT_NAME_MAX = 1024 };

/* A value on the way through an event, and where its name is divided. */
struct json_event_walk;
typedef void json_event_value(
	void *user, const struct json_event_walk *walk, struct slice name, struct slice value);

struct json_event_walk {
	json_event_value *one;
	void *user;
	char name[JSON_EVENT_NAME_MAX];
	size_t starts[JSON_EVENT_DEPTH_MAX]; /* of the names, one within the other */
	unsigned depth;
	unsigned nested; /* lists and objects within each other */
	unsigned n_left_out;
};

/* Every value of the object `root` with its name; how many were left out. `name` lives during
 * the call, `value` as long as `root`. */
unsigned json_event_each(yyjson_val *root, json_event_value *one, void *user);

/* `root` was read with YYJSON_READ_NUMBER_AS_RAW and lives until the event is matched. Names
 * that are too long or too deep are left out and counted in event->n_left_out. */
void json_event_add(struct sigma_event *event, yyjson_val *root);

#endif
