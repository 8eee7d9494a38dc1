#include "collector/normalize/families/device_phrases.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/text/pairs.h"
#include "collector/normalize/text/sentence.h"

struct ready_phrase {
	const struct device_phrase *row;
	struct sentence *sentence;
	uint32_t hash;
	const struct ready_phrase *next; /* of the same slot, in order of the table */
};

struct device_phrases_ready {
	uint32_t mask; /* one less than a power of two */
	struct ready_phrase *list;
	const struct ready_phrase *first[];
};

static struct device_phrases_ready *make_ready(const struct device_phrases *phrases)
{
	uint32_t n = 4;

	while (n <= phrases->n)
		n *= 2;
	struct device_phrases_ready *ready =
		calloc(1, sizeof(*ready) + n * sizeof(ready->first[0]));
	struct ready_phrase *list = calloc(phrases->n, sizeof(*list));
	if (ready == NULL || list == NULL)
		abort();
	ready->mask = n - 1;
	ready->list = list;
	for (size_t i = phrases->n; i-- > 0;) {
		const struct device_phrase *row = &phrases->list[i];
		uint32_t hash = name_hash(row->code);
		const struct ready_phrase **slot = &ready->first[hash & ready->mask];

		list[i] = (struct ready_phrase){row, sentence_new(row->text), hash, *slot};
		*slot = &list[i];
	}
	return ready;
}

static void discard(struct device_phrases_ready *ready, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sentence_free(ready->list[i].sentence);
	free(ready->list);
	free(ready);
}

static const struct device_phrases_ready *get_ready(struct device_phrases *phrases)
{
	struct device_phrases_ready *ready = atomic_load_explicit(
					    &phrases->ready, memory_order_acquire),
				    *published = NULL;

	if (ready != NULL)
		return ready;
	ready = make_ready(phrases);
	if (atomic_compare_exchange_strong(&phrases->ready, &published, ready))
		return ready;
	discard(ready, phrases->n); /* another thread was first */
	return published;
}

/* The first at or behind `phrase` that has that code; NULL when there is none. */
static const struct ready_phrase *with_code(
	const struct ready_phrase *phrase, struct slice code, uint32_t hash)
{
	while (phrase != NULL && (phrase->hash != hash || !slice_eq(phrase->row->code, code)))
		phrase = phrase->next;
	return phrase;
}

static const struct ready_phrase *first_with_code(
	struct device_phrases *phrases, struct slice code, uint32_t hash)
{
	const struct device_phrases_ready *ready = get_ready(phrases);

	return with_code(ready->first[hash & ready->mask], code, hash);
}

static void tell(
	struct record *record, struct parse_context *context, const struct device_phrase *row)
{
	put_telling(record, context, row->telling);
	if (row->attack != CLASS_NONE)
		put_attack(record, context, row->attack, row->severity,
			row->telling == TELLS_ATTACK_DENIED ||
				row->telling == TELLS_MALWARE_DENIED);
}

const struct device_phrase *device_phrases_read(struct device_phrases *phrases,
	struct record *record, struct parse_context *context, struct slice code,
	struct slice text)
{
	struct sentence_values values;

	if (slice_absent(code) || slice_absent(text))
		return NULL;
	uint32_t hash = name_hash(code);
	for (const struct ready_phrase *phrase = first_with_code(phrases, code, hash); phrase;
		phrase = with_code(phrase->next, code, hash)) {
		if (!sentence_take(phrase->sentence, text, &values))
			continue;
		sentence_put(record, context, &values);
		tell(record, context, phrase->row);
		return phrase->row;
	}
	return NULL;
}

bool device_phrases_know(struct device_phrases *phrases, struct slice code)
{
	return first_with_code(phrases, code, name_hash(code)) != NULL;
}
