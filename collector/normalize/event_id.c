#include "collector/normalize/event_id.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t seed;

static void make_seed(void)
{
	if (RAND_bytes((unsigned char *)&seed, sizeof(seed)) != 1)
		abort();
}

/* Of who delivers under a sender's name, where its certificate tells that; else 0. */
static uint64_t hash_of_forwarder(const struct record_source *source)
{
	return source == NULL || slice_absent(source->forwarder)
		       ? 0
		       : XXH3_64bits_withSeed(
				 source->forwarder.ptr, source->forwarder.len, seed);
}

/* Whose it is belongs to it: equal events of two senders are two. */
static struct event_id finish(const struct record *record, XXH128_hash_t sum)
{
	const uint64_t parts[] = {sum.low64, sum.high64,
		(uint64_t)record->agency << 32 | record->host,
		hash_of_forwarder(record->source)};
	const XXH128_hash_t hash = XXH3_128bits_withSeed(parts, sizeof(parts), seed);

	return (struct event_id){hash.low64, hash.high64 | 1}; /* zero is none */
}

static bool is_place(struct slice name)
{
	return slice_eq(name, SLICE_LIT("log.offset")) ||
	       slice_eq(name, SLICE_LIT("winlog.record_id"));
}

struct event_id event_id_of_pairs(const struct record *record, const struct pairs *pairs)
{
	XXH128_hash_t sum = {0};
	bool has_place = false;

	(void)pthread_once(&once, make_seed);
	if (pairs->form != PAIRS_JSON || pairs->state != PAIRS_WHOLE || pairs->left_out ||
		pairs->full)
		return (struct event_id){0};
	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];
		const XXH128_hash_t hash = XXH3_128bits_withSeed(
			pair->value.ptr, pair->value.len, seed + pair->hash);

		sum.low64 += hash.low64;
		sum.high64 += hash.high64;
		has_place |= is_place(pair->name);
	}
	return has_place ? finish(record, sum) : (struct event_id){0};
}

struct event_id event_id_of_text(
	const struct record *record, struct slice text, struct slice place)
{
	(void)pthread_once(&once, make_seed);
	if (place.len == 0)
		return (struct event_id){0};
	return finish(record, XXH3_128bits_withSeed(text.ptr, text.len, seed));
}
