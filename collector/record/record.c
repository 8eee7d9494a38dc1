#include "collector/record/record.h"

enum { FIELDS_ROOM_FIRST = 16 };

static struct field *find(const struct record *record, enum field_id id)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id == id)
			return &record->fields[i];
	}
	return NULL;
}

struct slice record_get(const struct record *record, enum field_id id)
{
	const struct field *field = find(record, id);

	return field ? field_value(field) : SLICE_NONE;
}

static bool make_room(struct record *record, struct arena *arena)
{
	unsigned room = record->fields_room ? record->fields_room * 2u : FIELDS_ROOM_FIRST;

	if (record->n_fields < record->fields_room)
		return true;
	if (room > RECORD_FIELDS_MAX)
		return false;

	struct field *fields = arena_alloc(arena, room * sizeof(*fields));
	if (fields == NULL)
		return false;
	if (record->n_fields > 0)
		memcpy(fields, record->fields, record->n_fields * sizeof(*fields));
	record->fields = fields;
	record->fields_room = (uint16_t)room;
	return true;
}

bool record_add(
	struct record *record, struct arena *arena, enum field_id id, struct slice value)
{
	if (slice_absent(value))
		return true;
	if (value.len > UINT32_MAX || !make_room(record, arena))
		return false;
	record->fields[record->n_fields++] = (struct field){
		.ptr = value.ptr,
		.len = (uint32_t)value.len,
		.id = (uint16_t)id,
	};
	return true;
}

bool record_set(
	struct record *record, struct arena *arena, enum field_id id, struct slice value)
{
	struct field *field = find(record, id);

	if (field == NULL)
		return record_add(record, arena, id, value);
	if (value.len > UINT32_MAX)
		return false;
	field->ptr = value.ptr;
	field->len = (uint32_t)value.len;
	return true;
}

bool record_match(struct record *record, struct arena *arena, uint32_t rule, struct slice group)
{
	if (record->matches == NULL)
		record->matches =
			arena_alloc(arena, RECORD_MATCHES_MAX * sizeof(*record->matches));
	if (record->matches == NULL || record->n_matches == RECORD_MATCHES_MAX)
		return false;
	record->matches[record->n_matches++] = (struct match){.rule = rule, .group = group};
	return true;
}

struct slice match_subject(const struct match *match)
{
	struct slice group = match->group;
	size_t at = group.len;

	while (at > 0 && group.ptr[at - 1] != '\0')
		at--;
	return slice_from(group, at);
}

const char *parse_status_name(enum parse_status status)
{
	static const char *const names[] = {
		[PARSE_UNKNOWN] = "unknown",
		[PARSE_OK] = "ok",
		[PARSE_PARTIAL] = "partial",
		[PARSE_DAMAGED] = "damaged",
	};

	return (unsigned)status < ARRAY_LEN(names) ? names[status] : "unknown";
}

const char *attack_class_name(enum attack_class attack)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_NONE] = "none",
		[CLASS_MALWARE] = "malware",
		[CLASS_PHISHING] = "phishing",
		[CLASS_DEFACE] = "deface",
		[CLASS_DOS] = "dos",
		[CLASS_UNAUTHORIZED_ACCESS] = "unauthorized-access",
		[CLASS_PRIVILEGE_ESCALATION] = "privilege-escalation",
		[CLASS_RECON] = "recon",
		[CLASS_POLICY_VIOLATION] = "policy-violation",
		[CLASS_RANSOMWARE] = "ransomware",
		[CLASS_DATA_THEFT] = "data-theft",
		[CLASS_SABOTAGE] = "sabotage",
		[CLASS_COMBINED] = "combined",
		[CLASS_OTHER] = "other",
		[CLASS_SYSTEM_FAULT] = "system-fault",
		[CLASS_OPERATOR_ERROR] = "operator-error",
		[CLASS_DISASTER] = "disaster",
	};

	return (unsigned)attack < CLASS_COUNT ? names[attack] : "none";
}

const char *severity_name(enum severity severity)
{
	static const char *const names[SEVERITY_COUNT] = {
		[SEVERITY_NONE] = "none",
		[SEVERITY_LOW] = "low",
		[SEVERITY_MEDIUM] = "medium",
		[SEVERITY_HIGH] = "high",
		[SEVERITY_CRITICAL] = "critical",
	};

	return (unsigned)severity < SEVERITY_COUNT ? names[severity] : "none";
}

const char *record_kind_name(enum record_kind kind)
{
	static const char *const names[] = {
		[RECORD_LOG] = "log",
		[RECORD_HIT] = "hit",
		[RECORD_INVENTORY] = "inventory",
		[RECORD_AGENT] = "agent",
		[RECORD_FINDING] = "finding",
		[RECORD_NOTE] = "note",
	};

	return (unsigned)kind < ARRAY_LEN(names) && names[kind] ? names[kind] : "unknown";
}

const char *identity_strength_name(enum identity_strength strength)
{
	static const char *const names[] = {
		[IDENTITY_CERTIFICATE] = "certificate",
		[IDENTITY_TOKEN] = "token",
		[IDENTITY_ADDRESS] = "address",
		[IDENTITY_SELF] = "collector",
	};

	return (unsigned)strength < ARRAY_LEN(names) && names[strength] ? names[strength]
									: "unknown";
}
