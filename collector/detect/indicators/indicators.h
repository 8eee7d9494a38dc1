/*
 * indicators - all lists in force: loaded, looked up, swapped whole
 *
 * Read from the files of lists (reader.h), judged by warning lists and by what
 * is ours, put into one table (table.h). What is loaded is immutable but for
 * its counters; workers use the same one at once. A reload makes another in a
 * thread of its own; readers go on with what they hold.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_INDICATORS_H
#define COLLECTOR_DETECT_INDICATORS_INDICATORS_H

#include "collector/detect/indicators/reading.h"
#include "collector/record/batch.h"
#include "common/setting.h"

enum {
	INDICATOR_SOURCES_MAX = 1000,
	INDICATOR_MATCHES_MAX = 16, /* of one record */
};

/* One list, as settings name it. */
struct indicator_list {
	const char *path;       /* a file or a folder */
	const char *name;       /* "" = the file's name */
	const char *format;     /* of reader.h, or "auto" */
	const char *class_name; /* of classes.yaml; "" = as the list says */
	uint32_t confidence;    /* 0..100; CONFIDENCE_OF_LIST = as the list says */
	uint64_t ttl_ms;        /* of those without an end; 0 = for ever */
};

enum { CONFIDENCE_OF_LIST = 101, CONFIDENCE_STANDARD = 50 };

struct indicators_settings {
	struct setting_sections lists;      /* struct indicator_list */
	struct setting_texts warning_lists; /* files and folders; among `lists` they do too */
	struct setting_texts own;           /* prefixes and domains that never match */
	uint32_t indicators_max;
	uint64_t memory_max;         /* bytes */
	const char *public_suffixes; /* file, or "" */
};

extern const struct setting indicators_settings_table[];

/* The defaults of the table, without lists. */
struct indicators_settings indicators_settings_standard(void);

struct indicators;

/*
 * `before` (may be NULL) is given again when neither files nor settings have changed since.
 * Mistakes in lists are added a line each, and the rest works. NULL, with the reason, when a
 * path is not there or settings are wrong. The caller holds one reference. Blocks while it
 * reads, some seconds for two million: a thread of its own does it.
 */
MUST_USE struct indicators *indicators_load(const struct indicators_settings *settings,
	struct indicators *before, int64_t now_ns, struct strbuf *mistakes, struct err *err);

/* Any thread. */
struct indicators *indicators_ref(struct indicators *indicators); /* NULL is fine */
void indicators_unref(struct indicators *indicators); /* the last one frees; NULL is fine */

/* ---- what was loaded ----------------------------------------------------------------- */

struct indicator_source_figures {
	struct slice name;
	struct slice format; /* of its first file */
	size_t files;
	struct list_counts counts;
};

size_t indicators_sources(const struct indicators *indicators);
struct indicator_source_figures indicators_source(
	const struct indicators *indicators, size_t source);

struct indicators_figures {
	size_t loaded;
	size_t suppressed; /* of them: a warning list covers them */
	size_t by_type[INDICATOR_TYPES];
	size_t memory;             /* bytes, with the warning lists */
	uint64_t matches, expired; /* since it was loaded; expired: its time was over */
};
struct indicators_figures indicators_figures(const struct indicators *indicators);

const struct warning_lists *indicators_warning_lists(const struct indicators *indicators);

/* One indicator with what is known of it; slices live as long as the indicators. */
struct indicator_view {
	enum indicator_type type;
	struct slice bytes; /* indicator_show() writes it */
	struct slice source, label;
	enum attack_class attack;
	uint8_t confidence;
	uint32_t seen_s, until_s; /* since 1970; 0 = not known, for ever */
	uint32_t warning_list;    /* that covers it, or WARNING_NONE */
};

/* Number `i` < figures.loaded. */
struct indicator_view indicators_view(const struct indicators *indicators, size_t i);

/* ---- matching ------------------------------------------------------------------------ */

struct indicator_match {
	struct indicator_view indicator;
	struct slice field; /* "source.ip" */
	struct slice value; /* what the record has there */
};

struct indicator_matches {
	struct indicator_match items[INDICATOR_MATCHES_MAX];
	size_t n;
	size_t left_out;              /* found, but there was no room */
	uint64_t expired, suppressed; /* of this event */
};

/* Each indicator once, at the first field that has it. `now_s` decides what is expired. */
void indicators_match_record(struct indicators *indicators, const struct record *record,
	int64_t now_s, struct indicator_matches *matches);

/*
 * Tags lines and YARA hits of the batch with what they match (MATCH_INDICATOR). Tags that found
 * no room in the record or the arena are counted in what is returned. Any thread.
 */
unsigned indicators_match_batch(
	struct indicators *indicators, struct batch *batch, int64_t now_s);

/* What a tag says of the indicator. */
struct indicator_tag {
	struct slice type, text, source; /* "domain", "evil.example", the list's name */
	enum attack_class attack;
	uint8_t confidence;
};

/* False when it is no such tag. */
MUST_USE bool indicators_tag(const struct match *match, struct indicator_tag *tag);

/* An event that is no record: names as in its JSON, of ECS or of products, and values. */
struct indicator_value {
	struct slice name, value;
};
void indicators_match_values(struct indicators *indicators,
	const struct indicator_value *values, size_t n, int64_t now_s,
	struct indicator_matches *matches);

#endif
