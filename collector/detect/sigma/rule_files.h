/* rule_files - the YAML files of a folder and the folders in it */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_FILES_H
#define COLLECTOR_DETECT_SIGMA_RULE_FILES_H

#include "common/strbuf.h"

enum { RULE_FILE_SIZE_MAX = 4 << 20, RULE_FILES_MAX = 100000 };

/* `text` is valid during the call. What is wrong is added to `mistakes`, a line each. */
typedef void rule_file(
	void *user, const char *path, struct slice text, struct strbuf *mistakes);

/*
 * Every *.yml and *.yaml below `path`, or `path` itself when it is a file, in the order of
 * their names. Links are not followed, names that begin with a dot are left out. What cannot be
 * read is a mistake; the others are given.
 */
void rule_files_read(const char *path, rule_file *one, void *user, struct strbuf *mistakes);

#endif
