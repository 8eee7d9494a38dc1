#include "collector/detect/correlator/trigger.h"

#include <stdlib.h>

#include "collector/detect/sigma/pattern.h"
#include "common/bytes.h"

enum { VALUE_HASHED = 64 << 10 /* bytes of a value that count */ };

const uint16_t *trigger_fields(
	const struct correlation_rule *entry, const struct trigger *trigger)
{
	for (size_t i = 0; i < entry->n_sources; i++) {
		if (entry->sources[i].rule == trigger->source)
			return entry->sources[i].fields;
	}
	return NULL;
}

bool trigger_value(
	const struct trigger *trigger, uint16_t field, unsigned nth, struct slice *value)
{
	if (trigger->event != NULL)
		return trigger->event->value(trigger->event->user, field, nth, value);
	if (nth > 0)
		return false;
	*value = trigger->group[field];
	return true;
}

void fold_value(struct strbuf *to, struct slice value)
{
	char *bytes;

	if (value.len > VALUE_HASHED)
		value.len = VALUE_HASHED;
	bytes = strbuf_reserve(to, 4 + value.len);
	if (bytes == NULL)
		return;
	bytes_put_u32(bytes, (uint32_t)value.len);
	fold_case(value, bytes + 4);
	strbuf_extend(to, 4 + value.len);
}

bool trigger_key(struct correlator *correlator, const struct correlation *correlation,
	uint32_t number, const uint16_t *fields, const struct trigger *trigger,
	struct slice *values, XXH128_hash_t *key)
{
	struct strbuf *folded = &correlator->folded;
	uint64_t head[2] = {correlator->routes.identities[number],
		correlation->across ? 0 : trigger->scope};

	strbuf_reset(folded);
	strbuf_add(folded, slice_of(head, sizeof(head)));
	for (size_t i = 0; i < correlation->n_group; i++) {
		if (!trigger_value(trigger, fields[i], 0, &values[i]))
			return false;
		fold_value(folded, values[i]);
	}
	*key = XXH3_128bits_withSeed(folded->ptr, folded->len, correlator->groups.seed);
	return true;
}

void texts_keep(struct group *group, const struct slice *values, size_t n)
{
	size_t size = 0;
	char *to;

	for (size_t i = 0; i < n; i++)
		size += 2 + (values[i].len < CONCLUSION_VALUE_SIZE ? values[i].len
								   : CONCLUSION_VALUE_SIZE);
	to = group->texts = malloc(size + 1);
	if (to == NULL)
		abort();
	group->texts_len = (uint32_t)size;
	for (size_t i = 0; i < n; i++) {
		size_t len = values[i].len < CONCLUSION_VALUE_SIZE ? values[i].len
								   : CONCLUSION_VALUE_SIZE;

		bytes_put_u16(to, (uint16_t)len);
		if (len > 0)
			memcpy(to + 2, values[i].ptr, len);
		to += 2 + len;
	}
}

void texts_read(const struct group *group, struct slice *values, size_t n)
{
	const char *at = group->texts;

	for (size_t i = 0; i < n; i++) {
		values[i] = slice_of(at + 2, bytes_get_u16(at));
		at += 2 + values[i].len;
	}
}
