#include "collector/normalize/masking/mask_ledger.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/table.h"
#include "common/utf8.h"

struct mask_ledger {
	pthread_mutex_t lock;
	struct table sources; /* struct masked_source -> struct masked_counts */
	struct masked_counts rest;
};

struct mask_ledger *mask_ledger_new(void)
{
	struct mask_ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL)
		abort();
	pthread_mutex_init(&ledger->lock, NULL);
	table_init(&ledger->sources, sizeof(struct masked_source), sizeof(struct masked_counts),
		2 * MASK_LEDGER_MAX);
	return ledger;
}

void mask_ledger_free(struct mask_ledger *ledger)
{
	if (ledger == NULL)
		return;
	table_done(&ledger->sources);
	pthread_mutex_destroy(&ledger->lock);
	free(ledger);
}

static struct masked_source key_of(const struct record *record)
{
	struct masked_source key;

	memset(&key, 0, sizeof(key)); /* compared as bytes */
	key.agency = record->agency;
	if (record->source != NULL) {
		struct slice name = utf8_head(record->source->name, MASK_SOURCE_MAX - 1);

		memcpy(key.source, name.ptr, name.len);
	}
	return key;
}

/* Its own, its agency's, or everybody's. */
static struct masked_counts *counts_of(struct mask_ledger *ledger, const struct record *record)
{
	struct masked_source key = key_of(record);
	struct masked_counts *counts = table_get(&ledger->sources, &key);

	if (counts != NULL)
		return counts;
	if (ledger->sources.n >= MASK_LEDGER_MAX)
		memset(key.source, 0, sizeof(key.source));
	counts = table_put(&ledger->sources, &key, NULL);
	return counts != NULL ? counts : &ledger->rest;
}

void mask_ledger_count(void *user, const struct record *record, const struct mask_tally *tally)
{
	struct mask_ledger *ledger = user;

	pthread_mutex_lock(&ledger->lock);
	struct masked_counts *counts = counts_of(ledger, record);
	counts->records++;
	for (unsigned i = 0; i < MASK_RULES; i++)
		counts->n[i] += tally->n[i];
	pthread_mutex_unlock(&ledger->lock);
}

void mask_ledger_walk(struct mask_ledger *ledger,
	bool (*visit)(void *user, const struct masked_source *source,
		const struct masked_counts *counts),
	void *user)
{
	static const struct masked_source others;
	bool more = true;

	pthread_mutex_lock(&ledger->lock);
	for (size_t i = 0; more && i < ledger->sources.n; i++)
		more = visit(
			user, table_key(&ledger->sources, i), table_value(&ledger->sources, i));
	if (more && ledger->rest.records > 0)
		(void)visit(user, &others, &ledger->rest);
	pthread_mutex_unlock(&ledger->lock);
}
