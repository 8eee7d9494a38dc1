/* After ECS 8.17, "ECS categorization fields". */
#include "collector/normalize/own/meanings.h"

#include <string.h>

static const char *const kinds[] = {"alert", "asset", "enrichment", "event", "metric", "state",
	"pipeline_error", "signal", NULL};
static const char *const outcomes[] = {"success", "failure", "unknown", NULL};
static const char *const types[] = {"access", "admin", "allowed", "change", "connection",
	"creation", "deletion", "denied", "device", "end", "error", "group", "indicator",
	"info", "installation", "protocol", "start", "user", NULL};

/* The types that are expected of a category, with a blank on both sides. */
static const struct {
	const char *category, *types;
} pairs[] = {
	{"api", " access admin allowed change creation deletion denied end info start user "},
	{"authentication", " start end info "},
	{"configuration", " access change creation deletion info "},
	{"database", " access change info error "},
	{"driver", " change end info start "},
	{"email", " info "},
	{"file", " access change creation deletion info "},
	{"host", " access change end info start "},
	{"iam", " admin change creation deletion group info user "},
	{"intrusion_detection", " allowed denied info "},
	{"library", " start "},
	{"malware", " info "},
	{"network", " access allowed connection denied end info protocol start "},
	{"package", " access change deletion info installation start "},
	{"process", " access change end info start "},
	{"registry", " access change creation deletion "},
	{"session", " start end info "},
	{"threat", " indicator "},
	{"vulnerability", " info "},
	{"web", " access error info "},
};

static bool is_one_of(const char *const *words, struct slice word)
{
	for (; *words != NULL; words++) {
		if (slice_eq(slice_str(*words), word))
			return true;
	}
	return false;
}

static const char *types_of(struct slice category)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (slice_eq(slice_str(pairs[i].category), category))
			return pairs[i].types;
	}
	return NULL;
}

bool own_meaning_check(unsigned field, struct slice word, struct err *err)
{
	switch (field) {
	case FIELD_EVENT_KIND:
		return is_one_of(kinds, word) || err_set(err, "ECS has no such event.kind");
	case FIELD_EVENT_OUTCOME:
		return is_one_of(outcomes, word) ||
		       err_set(err, "event.outcome is success, failure or unknown");
	case FIELD_EVENT_TYPE:
		return is_one_of(types, word) || err_set(err, "ECS has no such event.type");
	case FIELD_EVENT_CATEGORY:
		return types_of(word) != NULL || err_set(err, "ECS has no such event.category");
	default:
		return true;
	}
}

bool own_meaning_pairs(struct slice category, struct slice type)
{
	const char *expected = types_of(category);
	struct slice rest = slice_str(expected), word;

	while (expected != NULL && slice_cut(&rest, ' ', &word)) {
		if (word.len > 0 && slice_eq(word, type))
			return true;
	}
	return false;
}

bool own_field_is_list(unsigned field)
{
	switch (field) {
	case FIELD_EVENT_CATEGORY:
	case FIELD_EVENT_TYPE:
	case FIELD_TAGS:
	case FIELD_USER_ROLES:
	case FIELD_HOST_IP:
	case FIELD_HOST_MAC:
	case FIELD_PROCESS_ARGS:
		return true;
	default:
		return false;
	}
}
