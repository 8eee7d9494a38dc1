/*
 * control_answers - what the words of the local socket are answered with (control.h)
 *
 * Each puts members into an object that is open; what could not be done becomes its member
 * "error". `words`: what followed the word. Main thread.
 */
#ifndef COLLECTOR_CONTROL_ANSWERS_H
#define COLLECTOR_CONTROL_ANSWERS_H

#include "collector/control.h"
#include "common/json.h"

/* control_status.c: how the collector itself does */
void control_status(const struct control_view *view, struct slice words, struct json *json);

/* control_feed.c: the way to the nation */
void control_feed(const struct control_view *view, struct slice words, struct json *json);
/* "national": a member of "status" */
void control_put_national(struct json *json, const struct control_view *view);

/* control_lists.c: a row for each of many */
void control_agents(const struct control_view *view, struct slice words, struct json *json);
void control_ledger(const struct control_view *view, struct slice words, struct json *json);
void control_senders(const struct control_view *view, struct slice words, struct json *json);
void control_forwarders(const struct control_view *view, struct slice words, struct json *json);
void control_masking(const struct control_view *view, struct slice words, struct json *json);
void control_malware(const struct control_view *view, struct slice words, struct json *json);

/* control_quality.c: what each source of lines delivers; `words`: the number of a source, or
 * nothing for all */
void control_quality(const struct control_view *view, struct slice words, struct json *json);

/* control_rules.c: every Sigma rule, whether it is in force, how often it fitted; `words`: what
 * stands in its id, title or path, or nothing for all */
void control_rules(const struct control_view *view, struct slice words, struct json *json);

#endif
