#include "collector/normalize/text/csv.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/rows.h"

/* Behind the opening quote; without a closing one all of the rest. */
static struct slice take_quoted(struct slice *rest, struct parse_context *context)
{
	bool doubled = false;
	size_t at = 0;

	for (; at < rest->len; at++) {
		if (rest->ptr[at] != '"')
			continue;
		if (at + 1 == rest->len || rest->ptr[at + 1] != '"')
			break;
		doubled = true;
		at++;
	}
	if (at > rest->len)
		at = rest->len;
	struct slice value = slice_head(*rest, at);
	*rest = slice_from(*rest, at < rest->len ? at + 1 : at);
	return doubled ? rows_undoubled(context, value) : value;
}

void csv_read(struct csv *csv, struct slice text, struct parse_context *context)
{
	bool more = text.len > 0;

	for (csv->n = 0; more && csv->n < CSV_VALUES_MAX; csv->n++) {
		struct slice value;

		if (skip_byte(&text, '"')) {
			value = take_quoted(&text, context);
			text = slice_from(text, slice_find(text, ','));
		} else {
			size_t len = slice_find(text, ',');
			value = slice_head(text, len);
			text = slice_from(text, len);
		}
		csv->values[csv->n] = value;
		more = skip_byte(&text, ',');
	}
}

static void put_url(struct record *record, struct parse_context *context, struct slice value)
{
	if (value.len > 1)
		access_log_put_bare_url(record, context, value);
}

static void put_field(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	static const struct slice nowhere[] = {{SLICE_BYTES("0.0.0.0")}, {SLICE_BYTES("::")}};

	switch (field_type(id)) {
	case FIELD_LONG:
		put_digits(record, context, id, value);
		break;
	case FIELD_IP:
		if (!slice_eq(value, nowhere[0]) && !slice_eq(value, nowhere[1]))
			put_only_address(record, context, id, value);
		break;
	case FIELD_DATE:
		put_date(record, context, id, value);
		break;
	case FIELD_KEYWORD:
	case FIELD_TEXT:
	case FIELD_BOOL:
		put_some(record, context, id, value);
		break;
	}
}

static void put_value(struct record *record, struct parse_context *context, unsigned meaning,
	struct slice value)
{
	switch (meaning) {
	case CSV_TRANSPORT:
		put_transport(record, context, value);
		break;
	case CSV_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, value);
		break;
	case CSV_APPLICATION:
		put_lower(record, context, FIELD_NETWORK_APPLICATION, value);
		break;
	case CSV_DURATION:
		put_seconds(record, context, value);
		break;
	case CSV_START:
		put_date(record, context, FIELD_EVENT_START, value);
		break;
	case CSV_HASH:
		put_hash(record, context, value);
		break;
	case CSV_DIRECTION:
		put_direction(record, context, value);
		break;
	case CSV_URL:
		put_url(record, context, value);
		break;
	default:
		put_field(record, context, (enum field_id)meaning, value);
	}
}

void csv_put(struct record *record, struct parse_context *context, const struct csv *csv,
	const struct csv_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice value = csv_at(csv, columns[i].at);

		if (value.len > 0)
			put_value(record, context, columns[i].meaning, value);
	}
}
