#include "collector/record/field.h"

static const struct {
	struct slice name;
	enum field_type type;
} dictionary[FIELD_ID_MAX] = {
#define FIELD(number, id, kind, text) [number] = {{SLICE_BYTES(text)}, FIELD_##kind},
#include "collector/record/fields.def"
#undef FIELD
};

struct slice field_name(unsigned id)
{
	return id < FIELD_ID_MAX ? dictionary[id].name : SLICE_NONE;
}

enum field_type field_type(unsigned id)
{
	return id < FIELD_ID_MAX ? dictionary[id].type : FIELD_KEYWORD;
}

enum field_id field_by_name(struct slice name)
{
	for (unsigned id = 1; id < FIELD_ID_MAX; id++) {
		if (!slice_absent(dictionary[id].name) && slice_eq(dictionary[id].name, name))
			return (enum field_id)id;
	}
	return FIELD_NONE;
}
