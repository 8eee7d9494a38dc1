/*
 * wording - the sentences of a product, as its manual prints them
 *
 *	"Deny {proto} src {in}:{src}/{sport} dst {out}:{dst}/{dport}{? by access-group {rule}?}"
 *
 * Text stands for itself, a blank for one or more. {name} is a value: it ends where what
 * follows it in the pattern stands first, {name*} where it stands last, and at the end of the
 * text when nothing follows. Addresses, ports, numbers, interfaces and protocols hold no
 * blank. What stands in {? ?} may be missing, and begins with text. "{-}" is a value nobody
 * needs. A sentence may go on behind its pattern.
 *
 * {srcip} is an address like {src}, but a text that is none makes it another sentence.
 *
 * The names are those of wording_names.def; others become values under the module's own name.
 * Users' names are read with '*' wherever more than a word may stand behind them, so that a
 * name with the rest of the sentence in it moves nothing.
 *
 * Patterns are compiled by the first who asks. Reading is linear in the text. Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_WORDING_H
#define COLLECTOR_NORMALIZE_WORDING_H

#include "collector/normalize/families/device.h"

/* One kind of message. */
struct wording {
	struct slice code;    /* how the product numbers it; several may share one */
	struct slice pattern; /* absent: nothing is known of the text */
	enum telling telling;
	enum attack_class attack; /* CLASS_NONE = no attack */
	enum severity severity;   /* of the attack */
};

struct wording_slots;

struct wording_table {
	const struct wording *rows;
	size_t n;
	_Atomic(struct wording_slots *) slots;
};

#define WORDING_TABLE(list)                                                                    \
	{                                                                                      \
		.rows = (list), .n = ARRAY_LEN(list)                                           \
	}

/* Of the rows with that code the first whose pattern is the text's; its values and what it
 * tells are added. NULL when there is none: nothing was added. */
const struct wording *put_wording(struct wording_table *table, struct slice code,
	struct slice text, struct record *record, struct parse_context *context);

/* Whether the table has rows of that code. */
bool wording_knows(struct wording_table *table, struct slice code);

#endif
