/*
 * mask_ledger - how often each rule of the masking policy took something out, since the start
 *
 * By agency and source. MASK_LEDGER_MAX pairs are kept apart; of further ones only the agency
 * is, and beyond twice that nothing but their sum.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_MASK_LEDGER_H
#define COLLECTOR_NORMALIZE_MASK_LEDGER_H

#include "collector/normalize/masking/mask_rule.h"
#include "collector/record/record.h"

enum { MASK_LEDGER_MAX = 4096, MASK_SOURCE_MAX = 160 /* bytes with the NUL; longer are cut */ };

struct mask_ledger;

struct masked_source {
	uint32_t agency;              /* 0 = of all others */
	char source[MASK_SOURCE_MAX]; /* "" = of all others of the agency */
};

struct masked_counts {
	uint64_t records;
	uint64_t n[MASK_RULES];
};

MUST_USE struct mask_ledger *mask_ledger_new(void);
void mask_ledger_free(struct mask_ledger *ledger); /* NULL is fine */

/* The form of mask_counted: `ledger` is the user. */
void mask_ledger_count(
	void *ledger, const struct record *record, const struct mask_tally *tally);

/* In the order of arrival; `visit` returns false to stop. No ledger function may be called from
 * it. */
void mask_ledger_walk(struct mask_ledger *ledger,
	bool (*visit)(void *user, const struct masked_source *source,
		const struct masked_counts *counts),
	void *user);

#endif
