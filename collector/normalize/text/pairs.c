#include "collector/normalize/text/pairs.h"

#include "collector/normalize/text/flatten.h"

/* Eight bytes a step; names are short. */
uint32_t name_hash(struct slice name)
{
	uint64_t hash = name.len * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = 0;

	for (; at + 8 <= name.len; at += 8) {
		uint64_t word;

		memcpy(&word, name.ptr + at, 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	uint64_t word = 0;
	if (at < name.len)
		memcpy(&word, name.ptr + at, name.len - at);
	hash = (hash ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(hash >> 32);
}

static unsigned first_of(struct slice name)
{
	return name.len > 0 ? (unsigned char)name.ptr[0] : 0;
}

void pairs_reset(struct pairs *pairs, struct slice text, enum pairs_form form)
{
	pairs->text = text;
	pairs->form = form;
	pairs->state = PAIRS_WHOLE;
	pairs->full = pairs->left_out = false;
	pairs->n = 0;
	memset(pairs->shapes, 0, sizeof(pairs->shapes));
	memset(pairs->present, 0, sizeof(pairs->present));
}

void pairs_add(struct pairs *pairs, struct slice name, struct slice value)
{
	if (slice_absent(value))
		return;
	if (pairs->n == PAIRS_MAX) {
		pairs->left_out = true;
		return;
	}
	uint32_t hash = name_hash(name);
	pairs->shapes[name.len % 4] |= UINT64_C(1) << first_of(name) % 64;
	pairs->present[hash / 64 % 4] |= UINT64_C(1) << hash % 64;
	pairs->items[pairs->n++] = (struct pair){.name = name, .value = value, .hash = hash};
}

struct slice pairs_get(const struct pairs *pairs, struct slice name)
{
	uint32_t hash;

	if (!pairs_may_have(pairs, name))
		return SLICE_NONE;
	hash = name_hash(name);
	if (!(pairs->present[hash / 64 % 4] >> hash % 64 & 1))
		return SLICE_NONE;
	for (unsigned i = 0; i < pairs->n; i++) {
		if (pairs->items[i].hash == hash && slice_eq(pairs->items[i].name, name))
			return pairs->items[i].value;
	}
	return SLICE_NONE;
}

static void on_value(void *user, struct slice name, struct slice value)
{
	pairs_add(user, name, value);
}

void pairs_read_json(struct pairs *pairs, struct slice text, struct arena *arena)
{
	if (pairs->form == PAIRS_JSON && pairs->text.ptr == text.ptr &&
		pairs->text.len == text.len)
		return;
	pairs_reset(pairs, text, PAIRS_JSON);
	switch (flatten(text, arena, on_value, pairs)) {
	case FLATTEN_NO_OBJECT:
		pairs->state = PAIRS_NOT_MINE;
		break;
	case FLATTEN_BROKEN:
		pairs->state = PAIRS_BROKEN;
		break;
	case FLATTEN_FULL:
		pairs->state = PAIRS_BROKEN;
		pairs->full = true;
		break;
	case FLATTEN_OK:
		break;
	}
}
