#include "collector/detect/sigma/record_event.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"

enum { NAME_MAX_BYTES = 512 }; /* of a value that is not in the dictionary */

/* ECS keeps an address under both names; records have one. */
static const struct {
	enum field_id ip, address;
} both_names[] = {
	{FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS},
	{FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS},
	{FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS},
	{FIELD_SERVER_IP, FIELD_SERVER_ADDRESS},
};

void record_names_init(struct record_names *names, const struct fields *fields)
{
	for (unsigned id = 0; id < FIELD_ID_MAX; id++) {
		const struct slice name = field_name(id);

		names->uses[id] = slice_absent(name) ? NULL : fields_use(fields, name);
	}
	names->timestamp = fields_use(fields, SLICE_LIT("@timestamp"));
	names->original = fields_use(fields, SLICE_LIT("event.original"));
	names->kind = fields_use(fields, SLICE_LIT("event.kind"));
	names->agency = fields_use(fields, SLICE_LIT("soc.agency"));
	names->host = fields_use(fields, SLICE_LIT("soc.host"));
}

/* "prefix.name"; such names are many, and found by their hash. */
static void add_other(struct sigma_event *event, const struct record *record,
	const struct field *name, struct slice value)
{
	const struct slice tail = field_value(name);
	struct slice prefix = name->id == FIELD_OTHER ? record_get(record, FIELD_EVENT_MODULE)
						      : field_name(name->id);
	char text[NAME_MAX_BYTES];

	if (slice_absent(prefix))
		prefix = field_name(name->id);
	if (prefix.len + 1 + tail.len > sizeof(text)) {
		event->n_left_out++;
		return;
	}
	memcpy(text, prefix.ptr, prefix.len);
	text[prefix.len] = '.';
	if (tail.len > 0)
		memcpy(text + prefix.len + 1, tail.ptr, tail.len);
	sigma_event_add(event, slice_of(text, prefix.len + 1 + tail.len), value);
}

static void add_addresses(struct sigma_event *event, const struct record_names *names,
	const struct record *record)
{
	for (size_t i = 0; i < ARRAY_LEN(both_names); i++) {
		const struct field_use *use = names->uses[both_names[i].address];

		if (use != NULL && slice_absent(record_get(record, both_names[i].address)))
			sigma_event_add_use(event, use, record_get(record, both_names[i].ip));
	}
}

static int64_t time_of(const struct record *record)
{
	if (record->created_ns != CLOCK_NONE)
		return record->created_ns;
	return record->read_ns != CLOCK_NONE ? record->read_ns : record->received_ns;
}

/* A record that is nobody's, in a command, has neither. */
static void add_number(struct sigma_event *event, const struct field_use *use, uint32_t number,
	char text[static 12])
{
	if (use == NULL || number == 0)
		return;
	snprintf(text, 12, "%" PRIu32, number);
	sigma_event_add_use(event, use, slice_str(text));
}

/* What the record has no field for. */
static void add_frame(struct sigma_event *event, const struct record_names *names,
	const struct record *record)
{
	sigma_event_add_use(event, names->original, record->raw);
	if (slice_absent(record_get(record, FIELD_EVENT_KIND)))
		sigma_event_add_use(event, names->kind, SLICE_LIT("event"));
	add_number(event, names->agency, record->agency, event->agency);
	add_number(event, names->host, record->host, event->host);
	if (names->timestamp != NULL) {
		const int64_t at_ns = time_of(record);
		const unsigned digits = at_ns % CLOCK_NS_PER_MS == 0 ? 3 : 9;

		sigma_event_add_use(event, names->timestamp,
			slice_str(clock_format_utc(at_ns, digits, event->time)));
	}
}

void record_event_fill(struct sigma_event *event, const struct record_names *names,
	const struct record *record)
{
	sigma_event_begin(event);
	for (unsigned i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];

		if (field->id >= FIELD_ID_MAX || field->id == FIELD_OTHER_VALUE)
			continue;
		if (!field_is_other(field->id)) {
			sigma_event_add_use(event, names->uses[field->id], field_value(field));
		} else if (i + 1 < record->n_fields) {
			i++;
			add_other(event, record, field, field_value(&record->fields[i]));
		}
	}
	add_addresses(event, names, record);
	add_frame(event, names, record);
}
