/*
 * control_alerts - answers about alerts (control_answers.h); `words` as in control_asked.h
 *
 * Texts come from logs: soc-ctl escapes them for the terminal.
 */
#ifndef COLLECTOR_CONTROL_ALERTS_H
#define COLLECTOR_CONTROL_ALERTS_H

#include "collector/control.h"
#include "common/json.h"

/* Those that asked_filter() lets through, open ones first. */
void control_alerts(const struct control_view *view, struct slice words, struct json *json);

/* All that is known of "number". */
void control_alert(const struct control_view *view, struct slice words, struct json *json);

/* Which rules told most in the last "days", 1 = today, and what could be suppressed. */
void control_alerts_noisy(
	const struct control_view *view, struct slice words, struct json *json);

/* How many there are, learning mode, the budget of the day. */
void control_alerts_summary(
	const struct control_view *view, struct slice words, struct json *json);

#endif
