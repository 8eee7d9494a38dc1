/*
 * reader - one format of lists
 *
 * To add one: a file in readers/ and a line in readers.c. The first reader that
 * says a file is its own reads it; the last takes what is plain text.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_READER_H
#define COLLECTOR_DETECT_INDICATORS_READER_H

#include <yyjson.h>

#include "collector/detect/indicators/reading.h"

/* A file as all readers see it. */
struct feed {
	struct slice path;
	struct slice text;
	yyjson_val *root; /* of a JSON text; else NULL */
};

struct indicator_reader {
	const char *name;    /* in settings */
	const char *summary; /* for people */
	bool (*is_mine)(const struct feed *feed);
	void (*read)(struct reading *reading, const struct feed *feed);
};

extern const struct indicator_reader reader_warning_list, reader_misp, reader_misp_hashes,
	reader_stix, reader_maltrail, reader_csv, reader_plain;

/* Of the format `name`, or, for "auto", the one whose it is; NULL for none. */
const struct indicator_reader *reader_find(struct slice name, const struct feed *feed);

/* Names with a blank between them, for messages. */
void reader_names(struct strbuf *out);

/* ---- what readers share ----------------------------------------------------------- */

/* Lines of one indicator each, all with this fact. */
void plain_read_lines(
	struct reading *reading, struct slice text, const struct indicator_fact *fact);

/* The text of a member, or SLICE_NONE. */
struct slice feed_text(yyjson_val *object, const char *key);

/* The file's name without folder and the part behind its last dot. */
struct slice feed_stem(struct slice path);

/* The name of the folder `up` levels above the file; 1 is its own. Empty without one. */
struct slice feed_folder(struct slice path, unsigned up);

#endif
