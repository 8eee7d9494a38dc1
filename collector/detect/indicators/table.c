#include "collector/detect/indicators/table.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include <xxhash.h>

#include "common/address_map.h"
#include "common/table.h"

enum {
	ROOM_FIRST = 1024, /* entries */
	HEAD_SIZE = 3,     /* before a key: length, type */
	PREFIX_COST = 2 * sizeof(struct address_span),
};

struct origin_key {
	uint64_t label_low, label_high;
	uint32_t source;
	uint8_t attack, confidence;
	uint16_t zero;
};

struct indicator_table {
	struct table_limits limits;
	uint64_t seed;
	struct indicator_entry *entries;
	size_t n, entries_room;
	uint64_t *slots; /* high half: of the hash, low half: number of the entry + 1; 0 = free
			  */
	size_t slots_room;
	uint64_t *filter; /* made at the end: 8 bits for each, to say no without a slot */
	size_t filter_words;
	struct strbuf texts;
	struct table origins; /* struct origin_key -> struct indicator_origin */
	size_t n_prefixes;
	struct address_map *prefixes; /* -> number of the entry */
};

_Static_assert(sizeof(struct indicator_entry) == 16, "two million of them");

struct indicator_table *indicator_table_new(struct table_limits limits)
{
	struct indicator_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		abort();
	table->limits = limits;
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = (uintptr_t)table;
	strbuf_init(&table->texts, limits.memory < UINT32_MAX ? limits.memory : UINT32_MAX);
	strbuf_add_byte(&table->texts, 0); /* the label of those without */
	table_init(&table->origins, sizeof(struct origin_key), sizeof(struct indicator_origin),
		INDICATOR_ORIGINS_MAX - 1);
	return table;
}

void indicator_table_free(struct indicator_table *table)
{
	if (table == NULL)
		return;
	free(table->entries);
	free(table->slots);
	free(table->filter);
	strbuf_done(&table->texts);
	table_done(&table->origins);
	address_map_free(table->prefixes);
	free(table);
}

/* ---- slots ---------------------------------------------------------------------- */

static uint64_t hash_key(
	const struct indicator_table *table, enum indicator_type type, struct slice bytes)
{
	return XXH3_64bits_withSeed(bytes.ptr, bytes.len, table->seed + type);
}

static size_t first_slot(const struct indicator_table *table, uint64_t hash)
{
	return (size_t)(((hash & UINT32_MAX) * table->slots_room) >> 32);
}

static bool is_key(const struct indicator_table *table, const struct indicator_entry *entry,
	enum indicator_type type, struct slice bytes)
{
	return indicator_entry_type(table, entry) == type &&
	       slice_eq(indicator_entry_bytes(table, entry), bytes);
}

/* Its slot, or the free one where it belongs. */
static uint64_t *slot_of(const struct indicator_table *table, uint64_t hash,
	enum indicator_type type, struct slice bytes)
{
	size_t at = first_slot(table, hash);

	for (;; at = at + 1 == table->slots_room ? 0 : at + 1) {
		uint64_t slot = table->slots[at];

		if (slot == 0 || (slot >> 32 == hash >> 32 &&
					 is_key(table, &table->entries[(uint32_t)slot - 1],
						 type, bytes)))
			return &table->slots[at];
	}
}

static void *resize(void *items, size_t n, size_t size)
{
	void *grown = reallocarray(items, n ? n : 1, size);

	if (grown == NULL)
		abort();
	return grown;
}

static void fill_slots(struct indicator_table *table, size_t room)
{
	free(table->slots);
	table->slots_room = room;
	table->slots = calloc(room, sizeof(*table->slots));
	if (table->slots == NULL)
		abort();
	for (size_t i = 0; i < table->n; i++) {
		const struct indicator_entry *entry = &table->entries[i];
		enum indicator_type type = indicator_entry_type(table, entry);
		struct slice bytes = indicator_entry_bytes(table, entry);
		uint64_t hash = hash_key(table, type, bytes);

		*slot_of(table, hash, type, bytes) = (hash >> 32) << 32 | (i + 1);
	}
}

static size_t slots_for(size_t n)
{
	return n + n / 2 - n / 10 + 8; /* 1.4 for each */
}

static void make_room(struct indicator_table *table)
{
	if (table->n < table->entries_room)
		return;
	table->entries_room = table->entries_room ? table->entries_room * 2 : ROOM_FIRST;
	table->entries = resize(table->entries, table->entries_room, sizeof(*table->entries));
	fill_slots(table, slots_for(table->entries_room));
}

/* ---- adding ---------------------------------------------------------------------- */

static struct slice cut_label(struct slice label)
{
	if (label.len <= INDICATOR_LABEL_MAX)
		return label;
	label.len = INDICATOR_LABEL_MAX;
	while (label.len > 0 && ((unsigned char)label.ptr[label.len] & 0xc0) == 0x80)
		label.len--; /* not within a character */
	return label;
}

static uint32_t put_label(struct indicator_table *table, struct slice label)
{
	uint32_t at = (uint32_t)table->texts.len;

	if (label.len == 0)
		return 0;
	strbuf_add_byte(&table->texts, (char)label.len);
	strbuf_add(&table->texts, label);
	return at;
}

/* Its number; where there is no room for another, one without a label does. */
static uint32_t origin_of(struct indicator_table *table, const struct indicator_fact *fact)
{
	struct slice label = cut_label(fact->label);
	XXH128_hash_t hash = XXH3_128bits(label.ptr ? label.ptr : "", label.len);
	struct origin_key key = {hash.low64, hash.high64, fact->source, (uint8_t)fact->attack,
		fact->confidence, 0};
	struct indicator_origin *origin;
	bool is_new;

	origin = table_put(&table->origins, &key, &is_new);
	if (origin == NULL)
		return 0;
	if (is_new)
		*origin = (struct indicator_origin){fact->source, put_label(table, label),
			(uint8_t)fact->attack, fact->confidence};
	return (uint32_t)table_index(&table->origins, origin);
}

static bool is_surer(const struct indicator_fact *fact, const struct indicator_entry *than,
	const struct indicator_origin *origin)
{
	uint32_t until = than->until_s - 1, new_until = fact->until_s - 1; /* 0 is for ever */

	if (fact->confidence != origin->confidence)
		return fact->confidence > origin->confidence;
	return new_until > until;
}

static void describe(struct indicator_table *table, struct indicator_entry *entry,
	const struct indicator_fact *fact)
{
	entry->until_s = fact->until_s;
	entry->seen_s = fact->seen_s;
	entry->origin = origin_of(table, fact) & (INDICATOR_ORIGINS_MAX - 1);
}

static size_t origins_memory(const struct indicator_table *table)
{
	return table->origins.entries_room * table->origins.stride +
	       table->origins.room * sizeof(uint32_t);
}

size_t indicator_table_memory(const struct indicator_table *table)
{
	return table->entries_room * sizeof(*table->entries) +
	       table->slots_room * sizeof(*table->slots) +
	       table->filter_words * sizeof(*table->filter) + table->texts.capacity +
	       origins_memory(table) + table->n_prefixes * PREFIX_COST;
}

/* Of what is in use: rooms are twice as large while they grow. */
static size_t memory_with(const struct indicator_table *table, const struct indicator_key *key)
{
	return (table->n + 1) * sizeof(*table->entries) +
	       slots_for(table->n + 1) * sizeof(*table->slots) + table->n + 16 +
	       table->texts.len + key->len + HEAD_SIZE + INDICATOR_LABEL_MAX + 1 +
	       origins_memory(table) +
	       (table->n_prefixes + (key->type == INDICATOR_PREFIX)) * PREFIX_COST;
}

static bool is_full(const struct indicator_table *table, const struct indicator_key *key)
{
	return table->n >= table->limits.indicators ||
	       table->origins.n >= INDICATOR_ORIGINS_MAX - 1 ||
	       memory_with(table, key) > table->limits.memory ||
	       (key->type == INDICATOR_PREFIX && table->n_prefixes == INDICATOR_PREFIXES_MAX);
}

static void add_entry(struct indicator_table *table, const struct indicator_key *key,
	const struct indicator_fact *fact, bool alone)
{
	struct indicator_entry *entry = &table->entries[table->n++];
	const char head[HEAD_SIZE] = {
		(char)(key->len & 0xff), (char)(key->len >> 8), (char)key->type};

	*entry = (struct indicator_entry){.text = (uint32_t)table->texts.len};
	entry->alone = alone;
	strbuf_add(&table->texts, slice_of(head, sizeof(head)));
	strbuf_add(&table->texts, indicator_key_bytes(key));
	describe(table, entry, fact);
	table->n_prefixes += key->type == INDICATOR_PREFIX;
}

enum table_outcome indicator_table_add(struct indicator_table *table,
	const struct indicator_key *key, const struct indicator_fact *fact, bool alone)
{
	struct slice bytes = indicator_key_bytes(key);
	uint64_t hash = hash_key(table, key->type, bytes), *slot;

	make_room(table);
	slot = slot_of(table, hash, key->type, bytes);
	if (*slot != 0) {
		struct indicator_entry *entry = &table->entries[(uint32_t)*slot - 1];

		if (is_surer(fact, entry, indicator_entry_origin(table, entry)) &&
			!is_full(table, key))
			describe(table, entry, fact);
		return TABLE_KNOWN;
	}
	if (is_full(table, key))
		return TABLE_FULL;
	add_entry(table, key, fact, alone);
	*slot = (hash >> 32) << 32 | table->n;
	assert(!table->texts.overflow);
	return TABLE_ADDED;
}

/* ---- the filter ------------------------------------------------------------------ */

/*
 * A Bloom filter of one word a key (Putze, Sanders, Singler 2007): most look-ups find nothing,
 * and it fits where the slots do not, into a processor's cache.
 */
static uint64_t filter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
	       UINT64_C(1) << (hash >> 12 & 63);
}

static size_t filter_word(const struct indicator_table *table, uint64_t hash)
{
	return (size_t)(((hash >> 32) * table->filter_words) >> 32);
}

static void build_filter(struct indicator_table *table)
{
	table->filter_words = table->n / 8 + 1;
	table->filter = calloc(table->filter_words, sizeof(*table->filter));
	if (table->filter == NULL)
		abort();
	for (size_t i = 0; i < table->n; i++) {
		const struct indicator_entry *entry = &table->entries[i];
		uint64_t hash = hash_key(table, indicator_entry_type(table, entry),
			indicator_entry_bytes(table, entry));

		table->filter[filter_word(table, hash)] |= filter_bits(hash);
	}
}

static bool may_have(const struct indicator_table *table, uint64_t hash)
{
	uint64_t bits = filter_bits(hash);

	return (table->filter[filter_word(table, hash)] & bits) == bits;
}

/* ---- finishing -------------------------------------------------------------------- */

static struct netprefix prefix_of(struct slice bytes)
{
	struct netprefix prefix = {{0, 0}, (uint8_t)bytes.ptr[16]};

	for (unsigned i = 0; i < 8; i++) {
		prefix.first.high = prefix.first.high << 8 | (unsigned char)bytes.ptr[i];
		prefix.first.low = prefix.first.low << 8 | (unsigned char)bytes.ptr[8 + i];
	}
	return prefix;
}

static void build_prefixes(struct indicator_table *table)
{
	struct address_span *spans = resize(NULL, table->n_prefixes, sizeof(*spans));
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct indicator_entry *entry = &table->entries[i];
		struct netprefix prefix;

		if (indicator_entry_type(table, entry) != INDICATOR_PREFIX || entry->list != 0)
			continue;
		prefix = prefix_of(indicator_entry_bytes(table, entry));
		spans[n++] = address_span_of(&prefix, (uint32_t)i);
	}
	table->prefixes = address_map_new(spans, n);
	free(spans);
}

static void trim_texts(struct strbuf *texts)
{
	texts->ptr = resize(texts->ptr, texts->len + 1, 1);
	texts->capacity = texts->len + 1;
}

void indicator_table_finish(struct indicator_table *table)
{
	table->entries_room = table->n;
	table->entries = resize(table->entries, table->n, sizeof(*table->entries));
	trim_texts(&table->texts);
	fill_slots(table, slots_for(table->n));
	build_filter(table);
	build_prefixes(table);
}

/* ---- looking up -------------------------------------------------------------------- */

size_t indicator_table_count(const struct indicator_table *table)
{
	return table->n;
}

struct indicator_entry *indicator_table_entry(struct indicator_table *table, size_t i)
{
	assert(i < table->n);
	return &table->entries[i];
}

const struct indicator_entry *indicator_table_find(
	const struct indicator_table *table, enum indicator_type type, struct slice bytes)
{
	uint64_t hash = hash_key(table, type, bytes), slot;

	if (!may_have(table, hash))
		return NULL;
	slot = *slot_of(table, hash, type, bytes);
	return slot == 0 ? NULL : &table->entries[(uint32_t)slot - 1];
}

const struct indicator_entry *indicator_table_find_prefix(
	const struct indicator_table *table, const struct netaddr *addr)
{
	uint32_t number = address_map_find(table->prefixes, addr);

	return number == ADDRESS_MAP_NONE ? NULL : &table->entries[number];
}

enum indicator_type indicator_entry_type(
	const struct indicator_table *table, const struct indicator_entry *entry)
{
	return (enum indicator_type)(unsigned char)table->texts.ptr[entry->text + 2];
}

struct slice indicator_entry_bytes(
	const struct indicator_table *table, const struct indicator_entry *entry)
{
	const unsigned char *at = (const unsigned char *)table->texts.ptr + entry->text;

	return slice_of(at + HEAD_SIZE, (size_t)at[0] | (size_t)at[1] << 8);
}

const struct indicator_origin *indicator_entry_origin(
	const struct indicator_table *table, const struct indicator_entry *entry)
{
	return table_value(&table->origins, entry->origin);
}

struct slice indicator_origin_label(
	const struct indicator_table *table, const struct indicator_origin *origin)
{
	const char *at = table->texts.ptr + origin->label;

	return slice_of(at + 1, (unsigned char)*at);
}
