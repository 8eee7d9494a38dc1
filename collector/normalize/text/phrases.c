#include "collector/normalize/text/phrases.h"

#include <stdlib.h>

struct ready_phrase {
	int head; /* sentence_head() */
	struct sentence *sentence;
};

struct phrases_ready {
	size_t n;
	struct ready_phrase list[];
};

static void discard(struct phrases_ready *ready)
{
	for (size_t i = 0; i < ready->n; i++)
		sentence_free(ready->list[i].sentence);
	free(ready);
}

static struct phrases_ready *make_ready(struct phrases *phrases)
{
	struct phrases_ready *ready = malloc(
				     sizeof(*ready) + phrases->n * sizeof(ready->list[0])),
			     *published = NULL;

	if (ready == NULL)
		abort();
	ready->n = phrases->n;
	for (size_t i = 0; i < phrases->n; i++) {
		struct sentence *sentence = sentence_new(slice_str(phrases->list[i].text));

		ready->list[i] = (struct ready_phrase){sentence_head(sentence), sentence};
	}
	if (atomic_compare_exchange_strong(&phrases->ready, &published, ready))
		return ready;
	discard(ready); /* another thread was first */
	return published;
}

static bool may_be(const struct ready_phrase *phrase, struct slice text)
{
	return phrase->head < 0 ||
	       (text.len > 0 && (unsigned char)text.ptr[0] == (unsigned)phrase->head);
}

static const struct phrase *find(
	struct phrases *phrases, struct slice text, struct sentence_values *values)
{
	struct phrases_ready *ready =
		atomic_load_explicit(&phrases->ready, memory_order_acquire);

	if (ready == NULL)
		ready = make_ready(phrases);
	for (size_t i = 0; i < ready->n; i++) {
		if (may_be(&ready->list[i], text) &&
			sentence_take(ready->list[i].sentence, text, values))
			return &phrases->list[i];
	}
	return NULL;
}

bool phrases_have(struct phrases *phrases, struct slice text)
{
	struct sentence_values values;

	return find(phrases, text, &values) != NULL;
}

const struct phrase *phrases_read(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text)
{
	struct sentence_values values;
	const struct phrase *phrase = find(phrases, text, &values);

	if (phrase == NULL)
		return NULL;
	if (phrase->meaning != NULL)
		put_meaning(record, context, phrase->meaning);
	sentence_put(record, context, &values);
	return phrase;
}

enum parse_result phrases_put(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text, const struct meaning *otherwise)
{
	if (phrases_read(phrases, record, context, text) != NULL)
		return PARSED;
	put_meaning(record, context, otherwise);
	return PARSED_PARTLY;
}
