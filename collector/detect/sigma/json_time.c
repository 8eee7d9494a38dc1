#include "collector/detect/sigma/json_time.h"

#include "collector/detect/sigma/expression.h"
#include "common/clock.h"

static const char *const names[] = {"@timestamp", "timestamp", "EventTime", "UtcTime",
	"TimeCreated", "TimeGenerated", "event.created",
	"Event.System.TimeCreated.#attributes.SystemTime",
	"Event.System.TimeCreated.@SystemTime", "Event.System.TimeCreated.SystemTime",
	"eventTime", "_time", "time", "ts"};

static yyjson_val *find(yyjson_val *object, struct slice name)
{
	yyjson_val *value = yyjson_obj_getn(object, name.ptr, name.len);
	struct slice part;

	if (value != NULL)
		return value;
	while (slice_cut(&name, '.', &part)) {
		object = yyjson_obj_getn(object, part.ptr, part.len);
		if (object == NULL)
			return NULL;
	}
	return object;
}

static bool from_number(struct slice text, int64_t *ns)
{
	double number;

	if (!number_from(text, &number) || number <= 0 || number >= 9e18)
		return false;
	if (number < 1e11)
		number *= 1e9;
	else if (number < 1e14)
		number *= 1e6;
	else if (number < 1e17)
		number *= 1e3;
	*ns = number < (double)CLOCK_FOREIGN_MAX ? (int64_t)number : CLOCK_FOREIGN_MAX;
	return true;
}

static bool from_text(struct slice text, int64_t *ns)
{
	size_t used;

	return clock_parse_iso(text, 0, ns, &used) || from_number(text, ns);
}

static bool from_value(yyjson_val *value, int64_t *ns)
{
	if (yyjson_is_str(value))
		return from_text(slice_of(yyjson_get_str(value), yyjson_get_len(value)), ns);
	return yyjson_is_raw(value) &&
	       from_number(slice_of(yyjson_get_raw(value), yyjson_get_len(value)), ns);
}

int64_t json_time(yyjson_val *root, int64_t otherwise)
{
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (from_value(find(root, slice_str(names[i])), &ns))
			return ns;
	}
	return otherwise;
}
