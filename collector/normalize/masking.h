/*
 * masking - secrets are taken out of a record before it is stored
 *
 * Runs after detection and before encoding. What the policy names is replaced
 * by as many '*' in a copy of the line; fields that were slices of the line
 * become slices of the copy, values that a parser had unescaped are looked
 * through by themselves. No secret that was found is left in raw or in a
 * field. A record with something masked carries RECORD_MASKED.
 *
 * What it finds are names before '=' or ':' (in URLs, messages, JSON), headers
 * that authenticate, passwords on command lines and in URLs; and, when the
 * policy asks for it, numbers of citizens and of cards. It does not understand
 * sentences: a password typed as a user name stays.
 *
 * A masker is immutable; every worker uses the same one at once.
 */
#ifndef COLLECTOR_NORMALIZE_MASKING_H
#define COLLECTOR_NORMALIZE_MASKING_H

#include "collector/record/batch.h"
#include "common/conf.h"

struct masking_settings {
	bool secrets;               /* names, headers, userinfo of URLs */
	struct setting_texts names; /* "token": before '=' or ':'; "pwd=": before '=' only */
	bool commands;              /* passwords on command lines */
	bool citizen_ids;           /* 12-digit numbers of citizens */
	bool card_numbers;          /* 16-digit card numbers */
};

extern const struct setting masking_settings_table[];

#define MASKING_SETTINGS_HEAD                                                                  \
	"What is masked in a record before it is stored. Nobody can read it\n"                 \
	"afterwards, the province's analysts included. Detection has seen it before."

struct masker;

/* NULL with what is wrong in `mistakes`, a line each. The caller frees. */
MUST_USE struct masker *masker_load(const char *path, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE struct masker *masker_parse(
	const char *name, struct slice text, struct strbuf *mistakes);

void masker_free(struct masker *masker); /* NULL is fine */

/*
 * All records of a batch; copies in its arena. A record with secrets that the arena has no room
 * to copy loses its line and fields (RECORD_TRUNCATED, PARSE_DAMAGED); the number of those is
 * returned.
 */
unsigned mask_batch(const struct masker *masker, struct batch *batch);

/* One record; false when it lost its line. */
bool mask_record(const struct masker *masker, struct arena *arena, struct record *record);

#endif
