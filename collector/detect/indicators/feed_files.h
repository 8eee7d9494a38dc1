/* feed_files - the files of a list: one, or those of a folder and the folders in it */
#ifndef COLLECTOR_DETECT_INDICATORS_FEED_FILES_H
#define COLLECTOR_DETECT_INDICATORS_FEED_FILES_H

#include "common/err.h"
#include "common/strbuf.h"

enum {
	FEED_FILE_SIZE_MAX = 512 << 20, /* bytes */
	FEED_JSON_SIZE_MAX =
		128 << 20, /* of one that is JSON: reading takes some times as much */
	FEED_FILES_MAX = 50000,
};

typedef void feed_file(void *user, const char *path, struct slice text, int64_t written_s);

/*
 * `path` itself, or every file below it called *.txt, .csv, .tsv, .json, .list, .lst, .ioc,
 * .stix, .netset or .ipset, in the order of their names. Links are not followed, names that
 * begin with a dot are left out. What cannot be read is a line of `mistakes`; the others are
 * given. False when there is no such path.
 */
MUST_USE bool feed_files_read(
	const char *path, feed_file *one, void *user, struct strbuf *mistakes, struct err *err);

/* Changes when a file of `path` does, or one comes or goes; nothing is read. `before` is that
 * of other paths. */
uint64_t feed_files_mark(const char *path, uint64_t before);

#endif
