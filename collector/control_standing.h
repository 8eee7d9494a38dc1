/*
 * control_standing - answers about standing orders (control_answers.h); `words` as in
 * control_asked.h
 */
#ifndef COLLECTOR_CONTROL_STANDING_H
#define COLLECTOR_CONTROL_STANDING_H

#include "collector/control.h"
#include "common/json.h"

/* Suppressions, maintenance windows and watch periods, of "kind" or all. */
void control_standings(const struct control_view *view, struct slice words, struct json *json);

/* What a suppression of that scope would have hidden in the last "days". */
void control_preview(const struct control_view *view, struct slice words, struct json *json);

#endif
