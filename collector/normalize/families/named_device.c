#include "collector/normalize/families/named_device.h"

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"

struct slice named_value(const struct named_reading *reading, const char *name)
{
	return pairs_get(reading->pairs, slice_str(name));
}

static bool is_mine(const struct pairs *pairs, const struct named_device *device)
{
	if (pairs->state != PAIRS_WHOLE)
		return false;
	for (unsigned i = 0; i < NAMED_REQUIRED_MAX; i++) {
		if (!slice_absent(device->required[i]) &&
			!pairs_have(pairs, device->required[i]))
			return false;
	}
	return true;
}

static void put_user(struct record *record, struct parse_context *context, struct slice value)
{
	if (slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, value);
}

void named_device_put(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, unsigned meaning)
{
	switch (meaning) {
	case 0:
		put_other(record, context, FIELD_OTHER, pair->name, pair->value);
		break;
	case NAMED_LATER:
		break;
	case NAMED_TRANSPORT:
		put_transport(record, context, pair->value);
		break;
	case NAMED_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, pair->value);
		break;
	case NAMED_APPLICATION:
		put_lower(record, context, FIELD_NETWORK_APPLICATION, pair->value);
		break;
	case NAMED_DIRECTION:
		put_direction(record, context, pair->value);
		break;
	case NAMED_SECONDS:
		put_seconds(record, context, pair->value);
		break;
	case NAMED_HASH:
		put_hash(record, context, pair->value);
		break;
	case NAMED_USER:
		put_user(record, context, pair->value);
		break;
	default:
		if (pair->value.len > 0)
			named_put(record, context, values, meaning, pair->value);
	}
}

enum parse_result named_device_parse(
	struct record *record, struct parse_context *context, const struct named_device *device)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_keyvalue(pairs, context->message, context->arena);
	if (!is_mine(pairs, device))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	put_device(record, context, &device->device);
	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		named_device_put(record, context, &values, pair,
			name_table_find(device->table, pair->name, pair->hash));
	}
	struct named_reading reading = {record, context, pairs};
	device->finish(&reading);
	put_totals(record, context);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}
