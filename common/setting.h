/*
 * setting - one key of a settings file, described once
 *
 * A room lists its settings in one table. From the table come the parsing,
 * the limits, the defaults, the error with line and column, the commented
 * file that `config` prints, and the test that configs/ still matches the
 * program. Reading and printing are in conf.h.
 */
#ifndef COMMON_SETTING_H
#define COMMON_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_END,   /* ends a table: a zero entry */
	SETTING_TEXT,  /* const char *; min, max: length in bytes */
	SETTING_PATH,  /* const char *; relative paths are relative to the settings file */
	SETTING_FLAG,  /* bool: true or false; also yes/no, on/off */
	SETTING_COUNT, /* uint32_t: a plain number */
	SETTING_BYTES, /* uint64_t: "64KiB", "2GiB", "512MB"; a bare number but 0 is refused */
	SETTING_DURATION, /* uint64_t milliseconds: "500ms", "30s", "5m", "12h", "90d" */
	SETTING_CHOICE,   /* int: the position of the word in `choices` */
	SETTING_TEXTS,    /* struct setting_texts: a list of texts; min, max: how many */
	SETTING_PATHS,    /* the same, of paths */
	SETTING_SECTION,  /* a mapping with its own `table`; the struct lies at offset */
	SETTING_SECTIONS, /* struct setting_sections: a list of mappings; min, max: how many */
	/* struct setting_pairs: a mapping whose keys the file chooses; min, max: how many keys.
	 * A list as value gives a pair for each item, an empty one none. */
	SETTING_PAIRS,
};

struct setting_texts {
	const char *const *items;
	size_t n;
};

struct setting_pair {
	const char *key, *value;
};

struct setting_pairs {
	const struct setting_pair *items;
	size_t n;
};

struct setting_sections {
	const void *items; /* an array of the struct that `table` describes */
	size_t n;
};

struct setting {
	const char *key;
	enum setting_kind kind;
	size_t offset; /* into the struct of the table this line stands in */
	/* The default: a text without quotes, a list as YAML ("[a, b]"). NULL: the key must be
	 * given, or, for a section, the default are its own defaults, or, for a list, the empty
	 * list if `min` is 0. */
	const char *standard;
	uint64_t min, max;          /* in the unit of the kind; max 0 = no upper limit */
	const char *help;           /* one or two sentences, printed above the key */
	const char *const *choices; /* words, ended by NULL */
	const struct setting *table;
	size_t size; /* bytes of one item of SETTING_SECTIONS */
	/* For what has no default, printed commented out, as written in a file: the value of a
	 * required key, the lines below the key of a list ("- path: /var/log/auth.log\n  ...").
	 */
	const char *example;
	bool live; /* holds after a reload; the others need a restart */
};

#endif
