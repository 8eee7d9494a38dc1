/* file_settings - what the settings say about log files; the table is in file_settings.c */
#ifndef AGENT_INPUTS_FILE_SETTINGS_H
#define AGENT_INPUTS_FILE_SETTINGS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/setting.h"

enum file_begin { FILE_BEGIN_START, FILE_BEGIN_END };

/* One group of log files that are read alike. */
struct file_settings {
	struct setting_texts paths;   /* glob patterns */
	struct setting_texts exclude; /* glob patterns */
	const char *format;           /* parser's name, or "auto" */
	const char *zone;             /* of stamps without one; "" = the province's */
	const char *charset;          /* "" = utf-8 */
	int begin;                    /* enum file_begin */
	bool test;                    /* records are marked as test or drill */
	uint64_t record_max;          /* bytes */
	uint64_t unfinished_ms;       /* a last line without newline is given up after that */
	uint64_t rotated_ms; /* a rotated file must be silent so long before the next is read */
	struct {
		int by;            /* enum line_rule_kind */
		const char *start; /* expression of first lines */
		uint32_t lines_max;
		uint64_t wait_ms;
	} multiline;
};

struct files_settings {
	uint32_t open_max; /* descriptors kept for idle files */
	uint32_t files_max;
	uint64_t poll_ms; /* files are looked at so often even when nothing is heard */
	struct setting_sections groups; /* struct file_settings */
};

extern const struct setting files_settings_table[];

/* What the table cannot say. */
MUST_USE bool file_settings_check(const struct file_settings *settings, struct err *err);

#endif
