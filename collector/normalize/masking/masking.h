/*
 * masking - secrets and personal data are taken out of a record before it is stored
 *
 * Runs after detection and before encoding. What the policy names is replaced
 * in a copy of the line, by as many '*' or by a keyed token (pseudonym.h);
 * fields that were slices of the line become slices of the copy, values that a
 * parser had unescaped are looked through by themselves, before the line: what
 * is found in one is hidden everywhere in the record, and takes the line along
 * when it cannot be found again there (RECORD_TRUNCATED). So does a value of
 * one of the policy's fields. Secrets of less than four bytes are hidden where
 * they were found and where the same bytes come before them, an address only
 * where it was found. A record with something masked carries RECORD_MASKED.
 *
 * What it finds are names before '=' or ':' (in URLs, messages, JSON), headers
 * that authenticate, cookies, JSON web tokens, private keys, passwords on
 * command lines and in URLs; numbers and addresses of people by their form and
 * checks (personal.h); and whole fields. It does not understand sentences: a
 * password typed as a user name stays. How far it sees through escapes is in
 * secrets.h.
 *
 * A masker is immutable; every worker uses the same one at once. In the steady
 * state nothing is allocated.
 */
#ifndef COLLECTOR_NORMALIZE_MASKING_H
#define COLLECTOR_NORMALIZE_MASKING_H

#include "collector/normalize/masking/mask_rule.h"
#include "collector/record/batch.h"
#include "common/conf.h"

struct masking_settings {
	int actions[MASK_RULES];    /* enum mask_action; not that of MASK_FIELDS */
	struct setting_texts names; /* "token": before '=' or ':'; "pwd=": before '=' only */
	struct setting_texts old_id_names, account_names; /* what stands before such a number */
	struct setting_texts phone_prefixes;
	struct setting_sections fields; /* struct masked_field */
	const char *key;                /* file of pseudonym.h; "" = no tokens */
};

struct masked_field {
	const char *name;
	int action; /* enum mask_action */
};

extern const struct setting masking_settings_table[];

#define MASKING_SETTINGS_HEAD                                                                  \
	"What becomes of secrets and personal data before a record is stored: keep\n"          \
	"leaves them, mask puts '*' in their place, token a keyed pseudonym that is\n"         \
	"the same for the same value. It holds for fields and for the original line.\n"        \
	"Nobody can read it afterwards, the province's analysts included. Detection\n"         \
	"has seen it before. Read again on SIGHUP."

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
 * returned. `counted(user, record, tally)` is called for each record that lost something; NULL
 * for nobody.
 */
typedef void mask_counted(
	void *user, const struct record *record, const struct mask_tally *tally);
unsigned mask_batch(
	const struct masker *masker, struct batch *batch, mask_counted *counted, void *user);

/*
 * What stands for a value of which records show nothing any more, where equal ones have to be
 * known as equal: the same token for the same value as long as the policy's key is the same;
 * without a key, as long as the program runs. SLICE_NONE when the arena is full.
 */
struct slice masker_token(const struct masker *masker, struct arena *arena, struct slice value);

/* One record; false when it lost its line. What went is added to *tally. */
bool mask_record(const struct masker *masker, struct arena *arena, struct record *record,
	struct mask_tally *tally);

#endif
