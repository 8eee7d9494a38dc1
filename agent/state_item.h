/*
 * state_item - the agent says something about itself (item kind state, agent/README.md)
 *
 *	struct state_item item;
 *
 *	state_item_begin(&item, "spool-full");
 *	json_put_str(&item.json, "soc.lane", "bulk");
 *	state_item_give(&item, intake);
 *
 * Goes to the urgent lane; when that is full it is declared lost. One thread.
 */
#ifndef AGENT_STATE_ITEM_H
#define AGENT_STATE_ITEM_H

#include "agent/input.h"
#include "common/json.h"

struct state_item {
	struct json json; /* members of the object: values already cut to the limits */
	struct strbuf text;
};

void state_item_begin(struct state_item *item, const char *action);

/* Cut to the limit of texts. */
void state_item_text(struct state_item *item, const char *key, struct slice text);

/* event.reason, cut to its limit; NULL or "" is left out. */
void state_item_reason(struct state_item *item, const char *reason);

/* 16 digits. */
void state_item_id(struct state_item *item, const char *key, uint64_t id);

void state_item_give(struct state_item *item, struct intake *intake);

#endif
