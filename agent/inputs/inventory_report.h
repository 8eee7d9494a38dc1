/*
 * inventory_report - the object an inventory is, while it is written
 *
 * Keeps the rules of agent/README.md: a value that is not known is left out and its
 * field named in "soc.unknown"; what is too long is cut at a character and
 * named in "soc.cut"; bytes that are no UTF-8 are repaired.
 *
 * Files are opened below a root folder, links followed inside it (openat2(2)
 * where the kernel has it), regular files only.
 *
 * One thread.
 */
#ifndef AGENT_INPUTS_INVENTORY_REPORT_H
#define AGENT_INPUTS_INVENTORY_REPORT_H

#include "common/json.h"

enum {
	INVENTORY_TEXT_MAX = 64 << 10, /* bytes of the whole object */
	INVENTORY_LIST_MAX = 56 << 10, /* lists end when the object has so many */
	INVENTORY_NAMES_MAX = 64,      /* in soc.unknown and soc.cut */
};

struct inventory_report {
	int root; /* descriptor of the folder */
	struct json json;
	struct strbuf text;
	const char *unknown[INVENTORY_NAMES_MAX], *cut[INVENTORY_NAMES_MAX]; /* literals */
	unsigned n_unknown, n_cut;
	size_t stable_len; /* bytes of `text` whose change is a change; 0 = all */
};

/* `root` is borrowed. */
void inventory_report_begin(struct inventory_report *report, int root);

/* Everything but what is written after inventory_report_stable_end() counts as a change. */
void inventory_report_stable_end(struct inventory_report *report);
void inventory_report_end(struct inventory_report *report);
void inventory_report_done(struct inventory_report *report);

/* Keys are literals. Absent or empty text is unknown. `max` in bytes. */
void inventory_text(
	struct inventory_report *report, const char *key, struct slice text, size_t max);
void inventory_number(struct inventory_report *report, const char *key, uint64_t value);
void inventory_unknown(struct inventory_report *report, const char *key);
void inventory_was_cut(struct inventory_report *report, const char *key);

/* RFC 3339 in UTC, of seconds since 1970. */
void inventory_moment(struct json *json, const char *key, int64_t seconds);

/* Members inside the objects of a list: nothing is written for what is absent. */
void inventory_member(struct json *json, const char *key, struct slice text, size_t max);

/* `path` has no leading '/'. -1 when there is no such regular file, or it cannot be read. */
int inventory_open(int root, const char *path);

/* The whole file, appended; false when there is none or it is longer than out->limit. */
MUST_USE bool inventory_read(int root, const char *path, struct strbuf *out);

/* The first line of a small file, without blanks around it; in `out`, which is reset. */
struct slice inventory_line(int root, const char *path, struct strbuf *out);

/* Seconds since 1970 of the last change of a file; false when there is none. */
MUST_USE bool inventory_changed(int root, const char *path, int64_t *seconds);

#endif
