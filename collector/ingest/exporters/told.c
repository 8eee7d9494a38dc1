#include "collector/ingest/exporters/told.h"

#include <stdlib.h>
#include <xxhash.h>

#include "common/counter.h"

enum { FIRST_ROOM = 16 };

static struct counter no_room = COUNTER("ingest.flow_names_left_out",
	"names of interfaces and applications that exporters told and had no room");

static struct told_entry *find(const struct told *told, enum told_kind kind, uint64_t key)
{
	const uint64_t what[] = {key, kind};
	unsigned at = (unsigned)XXH3_64bits_withSeed(what, sizeof(what), told->seed) &
		      (told->room - 1);

	while (told->entries[at].kind != 0 &&
		(told->entries[at].kind != kind || told->entries[at].key != key))
		at = (at + 1) & (told->room - 1);
	return &told->entries[at];
}

static void grow(struct told *told)
{
	const struct told old = *told;

	told->room = old.room > 0 ? 2 * old.room : FIRST_ROOM;
	told->entries = calloc(told->room, sizeof(*told->entries));
	if (told->entries == NULL)
		abort();
	for (unsigned i = 0; i < old.room; i++) {
		const struct told_entry *entry = &old.entries[i];

		if (entry->kind != 0)
			*find(told, (enum told_kind)entry->kind, entry->key) = *entry;
	}
	free(old.entries);
}

size_t told_size(const struct told *told)
{
	return told->room * sizeof(*told->entries);
}

/* One more finds a place, and one place stays free: find() ends there. */
static bool has_place(const struct told *told)
{
	return told->n < TOLD_MAX && told->n + 1 < told->room;
}

size_t told_put(struct told *told, enum told_kind kind, uint64_t key, struct slice text,
	size_t room_size)
{
	const size_t before = told_size(told);
	const size_t more = before > 0 ? before : FIRST_ROOM * sizeof(*told->entries);

	if (2 * (told->n + 1) > told->room && told->n < TOLD_MAX && more <= room_size)
		grow(told);

	struct told_entry *entry = told->room > 0 ? find(told, kind, key) : NULL;
	if (entry == NULL || (entry->kind == 0 && !has_place(told))) {
		counter_add(&no_room, 1);
		return 0;
	}
	told->n += entry->kind == 0;
	entry->kind = (uint8_t)kind;
	entry->key = key;
	entry->len = (uint8_t)(text.len < TOLD_TEXT_MAX ? text.len : TOLD_TEXT_MAX);
	memcpy(entry->text, text.ptr, entry->len);
	return told_size(told) - before;
}

struct slice told_get(const struct told *told, enum told_kind kind, uint64_t key)
{
	if (told->room == 0)
		return SLICE_NONE;

	const struct told_entry *entry = find(told, kind, key);
	return entry->kind == 0 ? SLICE_NONE : slice_of(entry->text, entry->len);
}

void told_done(struct told *told)
{
	free(told->entries);
	*told = (struct told){.seed = told->seed};
}
