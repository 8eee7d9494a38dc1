/* sample_files - the lines in samples/PARSER/NAME.log, for the tests that use them. */
#ifndef TESTS_SAMPLE_FILES_H
#define TESTS_SAMPLE_FILES_H

#include "collector/normalize/parser.h"
#include "common/strbuf.h"

/* A file: the path without ".log", its text, the parser that its first line names or NULL. */
typedef void sample_function(
	void *user, struct slice stem, struct slice text, const struct parser *format);

/* Every file of every folder; gives the number of folders. */
unsigned sample_files_each(sample_function *on_file, void *user);

/* The folder of all samples. */
void sample_files_root(struct strbuf *path);

/* 2026-06-15T05:00:00Z: the receive time, which completes years. */
#define SAMPLES_RECEIVED_NS (INT64_C(1781499600) * 1000000000)

#endif
